import { spawn } from 'node:child_process';
import { createServer } from 'node:http';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { gitEnvironment } from './git-environment.ts';
import { ensureHome } from './home.ts';
import { ensureSampleRepository } from './sample-repository.ts';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Environment } from '../settings.ts';

/** A git server for the first run, on the loopback. */
export interface GitStandIn {
  /** `http://127.0.0.1:<port>`; the sample repository is `<url>/sample.git`. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Serves the bare repositories of `<home>/stand-ins/git` over git's smart HTTP, to fetch only, with the sample
 * repository among them (`samplePush`). Takes the home; gives the server's address. Throws ConfigError
 * when git is not installed. https://git-scm.com/docs/http-protocol
 */
export async function startGitStandIn(options: {
  readonly home: string;
  readonly env: Environment;
  readonly log: (line: string) => void;
}): Promise<GitStandIn> {
  const { env, log } = options;
  const folder = join(await ensureHome(options.home), 'stand-ins', 'git');
  await ensureSampleRepository(join(folder, 'sample.git'), { env });
  const server = createServer((request, response) => {
    answer(request, response, { folder, env }).catch((error: unknown) => {
      log(`git stand-in: ${String(error)}`);
      response.destroy();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

interface Place {
  readonly folder: string;
  readonly env: Environment;
}

async function answer(request: IncomingMessage, response: ServerResponse, place: Place): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  // One plain name: nothing that leads out of the folder matches, encoded or not.
  const [, name, action] =
    /^\/([A-Za-z0-9][\w-]*\.git)\/(info\/refs|git-(?:upload|receive)-pack)$/.exec(pathname) ?? [];
  if (name === undefined || action === undefined) return refuse(response, 404, 'No such thing');
  const service = action === 'info/refs' ? searchParams.get('service') : action;
  if (service !== 'git-upload-pack') return refuse(response, 403, 'Fetching only');
  if (request.method !== (action === 'info/refs' ? 'GET' : 'POST'))
    return refuse(response, 405, 'Method not allowed');
  const repository = join(place.folder, name);
  const found = await stat(repository).catch(() => undefined);
  if (!found?.isDirectory()) return refuse(response, 404, 'No such repository');
  await uploadPack(request, response, { repository, env: place.env });
}

async function uploadPack(
  request: IncomingMessage,
  response: ServerResponse,
  { repository, env }: { repository: string; env: Environment },
): Promise<void> {
  const advertise = request.method === 'GET';
  const protocol = request.headers['git-protocol'];
  const child = spawn(
    'git',
    ['upload-pack', '--strict', '--stateless-rpc', ...(advertise ? ['--advertise-refs'] : []), repository],
    {
      env: { ...gitEnvironment(env), ...(protocol === 'version=2' ? { GIT_PROTOCOL: protocol } : {}) },
      stdio: ['pipe', 'pipe', 'ignore'],
      // A fetch takes moments; whoever lets it hang shall not keep it.
      timeout: 60_000,
    },
  );
  response.on('close', () => child.kill());
  child.stdin.on('error', () => undefined);
  const kind = advertise ? 'advertisement' : 'result';
  response.writeHead(200, {
    'content-type': `application/x-git-upload-pack-${kind}`,
    'cache-control': 'no-cache',
  });
  if (advertise) response.write('001e# service=git-upload-pack\n0000');
  const zipped = request.headers['content-encoding'] === 'gzip';
  // A client that goes away, or git that has heard enough, ends the one half; the other decides.
  const asked = advertise
    ? Promise.resolve(child.stdin.end())
    : (zipped ? pipeline(request, createGunzip(), child.stdin) : pipeline(request, child.stdin)).catch(
        () => undefined,
      );
  await Promise.all([asked, pipeline(child.stdout, response), ended(child)]);
}

const ended = (child: ReturnType<typeof spawn>) =>
  new Promise<void>((resolve, reject) => {
    child.once('error', reject).once('exit', () => resolve());
  });

function refuse(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain', connection: 'close' }).end(`${text}\n`);
}
