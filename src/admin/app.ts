import express, { type Express } from 'express';
import type { Registry } from 'prom-client';

/** What the admin port serves: `/metrics`. It is for operators, and listens on loopback unless told. */
export function createAdminApp(registry: Registry): Express {
  const app = express().disable('x-powered-by');
  app.get('/metrics', async (_request, response) => {
    response.set('content-type', registry.contentType).send(await registry.metrics());
  });
  return app;
}
