import express, { type ErrorRequestHandler, type Router } from 'express';
import { WebhookError } from '../errors.ts';
import { health, type HealthParts } from './health.ts';
import type { Observe } from './observer.ts';
import { refuse } from './refuse.ts';
import { webhook, type WebhookParts } from './webhook.ts';

/** `/webhooks/:source[/:token]`, `/healthz` and `/readyz`; every other path is left to the app around. */
export function createRouter(parts: WebhookParts & HealthParts): Router {
  const router = express.Router({ caseSensitive: true });
  const { healthz, readyz } = health(parts);
  router.all('/webhooks/:source{/:token}', webhook(parts));
  router.all('/webhooks{/*rest}', webhook(parts));
  router.get('/healthz', healthz);
  router.get('/readyz', readyz);
  router.use(undecodable(parts.observe));
  return router;
}

/** Express could not decode the path (`/webhooks/%`): no source is called that. */
const undecodable =
  (observe: Observe): ErrorRequestHandler =>
  (error, request, response, next) => {
    if (!(error instanceof URIError)) return next(error);
    const note = 'undecodable path';
    refuse(
      request,
      response,
      observe,
      new WebhookError('source_unknown', { reason: 'source_unknown', note }),
    );
  };
