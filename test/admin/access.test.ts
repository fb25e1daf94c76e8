import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { requireAccess } from '../../src/admin/access.ts';

const from = (remoteAddress: string | undefined) =>
  ({ headers: { host: '127.0.0.1:3001' }, socket: { remoteAddress } }) as unknown as IncomingMessage;
const development = { development: true, token: undefined, uiOrigins: [] };

test.each(['127.0.0.1', '127.8.0.1', '::1', '::ffff:127.0.0.1'])('%s is this machine', (address) => {
  expect(() => requireAccess(from(address), development)).not.toThrow();
});

test.each(['192.0.2.1', '10.0.0.1', '::ffff:10.0.0.1', 'fe80::1', '::', '127.0.0.1.example', undefined])(
  '%s is not this machine, and is refused in development without a token',
  (address) => {
    expect(() => requireAccess(from(address), development)).toThrow(
      expect.objectContaining({ code: 'admin_unauthorized', reason: 'token_unset' }),
    );
  },
);
