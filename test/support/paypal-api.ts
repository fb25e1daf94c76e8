import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A request as it came. */
export interface Asked {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** What the stand-in answers; without an entry as PayPal does when all is well. */
export interface Answers {
  token?: (response: ServerResponse, nth: number) => void;
  verify?: (response: ServerResponse, asked: Asked) => void;
}

export const json = (response: ServerResponse, status: number, value: object): void => {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
};

/** Speaks PayPal's protocol on the loopback: tokens `token-1`, `token-2`, …, and judgements. */
export async function startPaypalApi(answers: Answers = {}) {
  const asked: Asked[] = [];
  const at = (path: string) => asked.filter((one) => one.path === path);
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method, url: path, headers } = request;
      const one = { method, path, headers, body: Buffer.concat(chunks) };
      asked.push(one);
      if (path === '/v1/oauth2/token') {
        const nth = at(path).length;
        if (answers.token) answers.token(response, nth);
        else json(response, 200, grantOf(nth));
      } else if (answers.verify) answers.verify(response, one);
      else json(response, 200, { verification_status: 'SUCCESS' });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    base: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    answers,
    tokens: () => at('/v1/oauth2/token'),
    judgements: () => at('/v1/notifications/verify-webhook-signature'),
    asked,
  };
}

export const grantOf = (nth: number) => ({
  access_token: `token-${nth}`,
  token_type: 'Bearer',
  expires_in: 32_400,
});
