import type { IRouter } from 'express';
import { health, type HealthParts } from './health.ts';
import type { Webhook } from './webhook.ts';

/** `/webhooks/:source[/:token]`, `/healthz` and `/readyz`; every other path is left to the app around. */
export function addRoutes<Router extends IRouter>(
  router: Router,
  { webhook, ...parts }: HealthParts & { readonly webhook: Webhook },
): Router {
  const { healthz, readyz } = health(parts);
  router.use((request, response, next) => {
    const { path, originalUrl: url, ip, secure } = request;
    return webhook(request, response, { path, url, ip, secure }) ?? next();
  });
  router.get('/healthz', healthz);
  router.get('/readyz', readyz);
  return router;
}
