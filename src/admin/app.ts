import express, { type Express } from 'express';
import type { Registry } from 'prom-client';
import { codecRouter, type CodecParts } from './codec.ts';

export interface AdminParts {
  readonly registry: Registry;
  /** Undefined where there is no key: then there is no `/codec`. */
  readonly codec: CodecParts | undefined;
}

/** What the admin port serves: `/metrics`, `/codec`. It is for operators, and listens on loopback unless told. */
export function createAdminApp({ registry, codec }: AdminParts): Express {
  const app = express().disable('x-powered-by');
  if (codec) app.use('/codec', codecRouter(codec));
  app.get('/metrics', async (_request, response) => {
    response.set('content-type', registry.contentType).send(await registry.metrics());
  });
  return app;
}
