/** The gateway as a library. Providers are at `everhook/providers`, workflows at `everhook/workflows`. */
export { createApp } from './app.ts';
export type { App, AppOptions } from './app.ts';
export { defineGateway, source } from './define.ts';
export type {
  ActivityContext,
  EventOf,
  EventsOf,
  Feed,
  Feeds,
  Gateway,
  Row,
  Routes,
  Source,
  SourceOptions,
  Sources,
  Takes,
} from './define.ts';
export { ConfigError, WebhookError } from './errors.ts';
export type { EventRef, WebhookEvent } from './event.ts';
export type { RateLimit } from './rate-limit.ts';
export { createWorker } from './create-worker.ts';
export type { CreateWorkerOptions } from './create-worker.ts';
export type { RunningWorker } from './worker.ts';
