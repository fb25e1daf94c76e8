import type { AddressInfo, Server } from 'node:net';
import { ConfigError } from './errors.ts';

/** Where a server listens, and the setting that says so. */
export interface ListenAt {
  readonly name: 'PORT' | 'EVERHOOK_ADMIN_PORT';
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** Listens. Throws ConfigError that names the setting where the port is taken, or is no port of this machine. */
export function listen(server: Server, { name, host, port }: ListenAt): Promise<AddressInfo> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const message =
        cause.code === 'EADDRINUSE'
          ? `${name}: ${host}:${port} is taken. Set ${name} to another port.`
          : `${name}: ${host}:${port} cannot be used: ${cause.message}`;
      reject(new ConfigError(message, { cause }));
    });
    server.listen(port, host, () => resolve(server.address() as AddressInfo));
  });
}
