import type { WebhookEvent } from '../event.ts';
import { accessHeaders, accessProof, developmentToken, verifyAccess, type AccessProof } from './access.ts';
import { alertmanagerSamples } from './alertmanager-samples.ts';
import { readAlerts, requireRepeats, type AlertNotification, type Repeats } from './alerts.ts';
import type { Provider } from './provider.ts';

/** A notification as Alertmanager's webhook sends it, version 4. */
export interface AlertmanagerNotification<
  Status extends string = 'firing' | 'resolved',
> extends AlertNotification<Status> {
  /** Of newer versions: why it was sent. */
  readonly notification_reason?: string;
}

/** What Alertmanager tells of a group: it has alerts that fire, or all of them are resolved. */
export type AlertmanagerEvents = {
  [Status in 'firing' | 'resolved']: AlertmanagerNotification<Status>;
};

/** An Alertmanager event as a workflow takes it: `AlertmanagerEvent<'firing'>`. */
export type AlertmanagerEvent<Type extends keyof AlertmanagerEvents = keyof AlertmanagerEvents> = {
  [T in Type]: WebhookEvent<T, AlertmanagerEvents[T]>;
}[Type];

export interface AlertmanagerOptions {
  /**
   * Whether a repeat is an event of its own. Default `{ everySeconds: 300 }`, Alertmanager's default
   * `group_interval`: set it to yours. Retries of a notification end within one, and what comes back after one in between
   * comes two later, so nothing that matters is swallowed.
   */
  readonly repeats?: Repeats;
  /** `'custom'` for a receiver with a `payload` of its own. Default `'default'`: other bodies are refused. */
  readonly payload?: 'default' | 'custom';
}

/**
 * Prometheus Alertmanager's webhook receiver, which signs nothing: a token, a password or a secret path is the proof.
 * github.com/prometheus/alertmanager `notify/webhook/webhook.go`, `docs/configuration.md`
 */
export function alertmanager(
  options?: AlertmanagerOptions & { payload?: 'default' },
): Provider<AlertmanagerEvents, AccessProof>;
export function alertmanager(
  options: AlertmanagerOptions & { payload: 'custom' },
): Provider<Record<string, unknown>, AccessProof>;
export function alertmanager({
  repeats = { everySeconds: 300 },
  payload = 'default',
}: AlertmanagerOptions = {}): Provider<AlertmanagerEvents, AccessProof> {
  requireRepeats('alertmanager', repeats);
  return {
    name: 'alertmanager',
    proof: accessProof,
    verify: verifyAccess,
    read: (delivery) => readAlerts(delivery, { repeats, payload }),
    sign: (_request, proof) => ({
      'content-type': 'application/json',
      'user-agent': 'Alertmanager/everhook',
      ...accessHeaders(proof),
    }),
    pathToken: ({ pathTokens }) => pathTokens[0],
    keepHeaders: [],
    // A group without `max_alerts` knows no limit, and a 413 would lose it: no 4xx is tried again.
    bodyLimitBytes: 26_214_400,
    samples: alertmanagerSamples,
    develop: developmentToken,
  };
}
