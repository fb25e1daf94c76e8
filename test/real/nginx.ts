import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { After } from '../system/support.ts';
import { debianPackage } from './debian-package.ts';
import { checkout, run } from './run.ts';

/** Where the shipped configuration is. */
export const nginxFolder = join(checkout, 'deploy', 'nginx');
const accessLog = 'access.log';
const readyMs = 10_000;

/** What stands in for the names and places that containers have. */
export interface NginxPlace {
  /** A folder that every user can pass; it holds `secrets`, as deploy/secrets.sh makes them. */
  readonly folder: string;
  readonly port: number;
  readonly operatorPort: number;
  /** Ports of the replicas. */
  readonly apis: readonly number[];
  readonly admin: number;
  readonly ui: number;
}

export interface Nginx {
  /** The access log, and what it said besides. */
  output(): string;
}

/** Starts nginx with the shipped configuration, ports and places apart, and gives it once it listens. */
export async function startNginx(place: NginxPlace, after: After): Promise<Nginx> {
  const file = await placeConfiguration(place);
  await testConfiguration(file);
  const child = spawn('nginx', ['-c', file, '-p', place.folder, '-g', 'daemon off;'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  }
  const over = new Promise<void>((resolve) => child.once('close', () => resolve()));
  after(async () => {
    child.kill('SIGTERM');
    await over;
  });
  for (const deadline = Date.now() + readyMs; !(await listens(place.port)); await delay(50)) {
    if (Date.now() > deadline)
      throw new Error(`nginx does not listen on ${place.port}:
${output}`);
  }
  return { output: () => readFileSync(join(place.folder, accessLog), 'utf8') + output };
}

/** `nginx -t`; gives its warnings, and throws with its errors. */
export async function testConfiguration(file: string): Promise<string[]> {
  await debianPackage('nginx-light', { program: 'nginx', versionFlag: '-v' });
  const said = await run('nginx', ['-t', '-q', '-c', file], { cwd: checkout });
  return said.split('\n').filter((line) => line !== '');
}

/** Writes the shipped files into the folder, with this machine's ports and places; gives nginx.conf. */
export async function placeConfiguration({
  folder,
  port,
  operatorPort,
  apis,
  admin,
  ui,
}: NginxPlace): Promise<string> {
  const servers = apis.map((api) => `server 127.0.0.1:${api} max_fails=0;`).join('\n  ');
  const changes: Record<string, readonly (readonly [string, string])[]> = {
    'nginx.conf': [
      ['/etc/nginx/', `${folder}/`],
      ['/tmp/nginx', `${folder}/nginx`],
    ],
    'everhook.conf': [
      ['server api:3000 max_fails=0;', servers],
      ['api:3001', `127.0.0.1:${admin}`],
      ['temporal-ui:8080', `127.0.0.1:${ui}`],
      ['listen 8443 ', `listen 127.0.0.1:${port} `],
      ['listen 9443 ', `listen 127.0.0.1:${operatorPort} `],
      ['/run/secrets/', `${folder}/secrets/`],
      ['/etc/nginx/', `${folder}/`],
      // Node's pipes are sockets, which cannot be opened by a name.
      ['/dev/stdout', join(folder, accessLog)],
    ],
    'proxy.conf': [],
  };
  await mkdir(folder, { recursive: true });
  for (const [name, replacements] of Object.entries(changes)) {
    let text = await readFile(join(nginxFolder, name), 'utf8');
    for (const [from, to] of replacements) {
      if (!text.includes(from)) throw new Error(`${name} has no "${from}" any more`);
      text = text.replaceAll(from, to);
    }
    await writeFile(join(folder, name), text);
  }
  return join(folder, 'nginx.conf');
}

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => (socket.destroy(), resolve(true))).once('error', () => resolve(false));
  });
