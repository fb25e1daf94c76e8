import { mkdir, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { startGitStandIn } from '../../src/dev/git-stand-in.ts';
import { issue, privateKeyOf } from '../support/certificates.ts';

/** Hosts of repositories as git sees them through a proxy. */
export interface GitHosts {
  /** For Everhook: the proxy, and whose certificates to believe. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the bare repositories are. */
  readonly folder: string;
  /** What the proxy was asked to connect to: `github.com:443`. */
  readonly visited: readonly string[];
}

/** What the bare repository behind a URL is called in the folder: `https://github.com/a/b.git`. */
export const servedName = (url: string): string =>
  url
    .replace(/^https:\/\//, '')
    .replace(/\.git$/, '')
    .replaceAll(/[^\w-]/g, '_');

/**
 * Stands in for hosts on the internet until the test ends, where no repository of theirs can be reached: an HTTP proxy
 * leads to a server of ours, which speaks TLS under their names and serves real repositories by real git. Whatever else
 * is asked of the proxy goes where it wants to.
 */
export async function startGitHosts(home: string, hosts: readonly [string, ...string[]]): Promise<GitHosts> {
  const standIn = await startGitStandIn({ home, env: process.env, log: () => undefined });
  onTestFinished(() => standIn.stop());

  const root = await issue({ name: 'Test Root', ca: 'any', usage: 'keyCertSign' });
  const leaf = await issue({ name: hosts[0], by: root, dnsNames: hosts, usage: 'digitalSignature' });
  const authorities = join(home, 'authorities.pem');
  await writeFile(authorities, root.pem);

  const server = createHttpsServer({ cert: leaf.pem, key: await privateKeyOf(leaf) }, (request, response) => {
    const [, repository = '', rest = ''] = /^(.*)\.git(\/.*)$/.exec(request.url ?? '') ?? [];
    const url = `${standIn.url}/${servedName(`${request.headers.host}${repository}`)}.git${rest}`;
    const { method, headers } = request;
    const onward = httpRequest(url, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  const port = await listen(server);
  onTestFinished(() => server.closeAllConnections());

  const visited: string[] = [];
  const proxy = createHttpServer().on('connect', ({ url = '' }, socket, head: Buffer) => {
    visited.push(url);
    const { hostname, port: wanted } = new URL(`http://${url}`);
    const target = hosts.includes(hostname)
      ? connect(port, '127.0.0.1')
      : connect(Number(wanted || 80), hostname);
    target.once('connect', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      target.write(head);
      target.pipe(socket).pipe(target);
    });
    target.on('error', () => socket.destroy());
    socket.on('error', () => target.destroy());
  });
  const proxyPort = await listen(proxy);

  const folder = join(home, 'stand-ins', 'git');
  await mkdir(folder, { recursive: true });
  const env = {
    HTTPS_PROXY: `http://127.0.0.1:${proxyPort}`,
    NO_PROXY: '127.0.0.1,localhost',
    GIT_SSL_CAINFO: authorities,
  };
  return { env, folder, visited };
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
