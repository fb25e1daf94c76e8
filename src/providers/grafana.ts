import { z } from 'zod';
import type { WebhookEvent } from '../event.ts';
import {
  accessHeaders,
  accessNames,
  accessOf,
  demandsAccess,
  verifyAccess,
  type AccessProof,
} from './access.ts';
import { readAlerts, requireRepeats, type Alert, type AlertNotification, type Repeats } from './alerts.ts';
import { requireFresh, timestampHeader as timestampOf } from './freshness.ts';
import { grafanaSamples } from './grafana-samples.ts';
import { developmentSecret, headerName, seconds } from './proof.ts';
import type { Delivery, Provider } from './provider.ts';
import { hmac, requireMatch, signatureInvalid, singleHeader } from './signature.ts';

/** An alert of Grafana's. */
export interface GrafanaAlert extends Alert {
  readonly silenceURL?: string;
  readonly dashboardURL?: string;
  readonly panelURL?: string;
  readonly imageURL?: string;
  /** What was measured, by the name of the query or expression. */
  readonly values?: Readonly<Record<string, number>> | null;
  readonly valueString?: string;
  readonly orgId?: number;
}

/** A notification as a webhook contact point of Grafana sends it, version 1. */
export interface GrafanaNotification<Status extends string = 'firing' | 'resolved'> extends AlertNotification<
  Status,
  GrafanaAlert
> {
  readonly orgId: number;
  readonly title: string;
  /** `alerting` or `ok`. */
  readonly state: string;
  readonly message: string;
  readonly appVersion?: string;
}

/** What Grafana tells of a group: it has alerts that fire, or all of them are resolved. */
export type GrafanaEvents = { [Status in 'firing' | 'resolved']: GrafanaNotification<Status> };

/** A Grafana event as a workflow takes it: `GrafanaEvent<'firing'>`. */
export type GrafanaEvent<Type extends keyof GrafanaEvents = keyof GrafanaEvents> = {
  [T in Type]: WebhookEvent<T, GrafanaEvents[T]>;
}[Type];

/** What is set is demanded: a signature, and what a sender shows that signs nothing. */
export interface GrafanaProof {
  readonly signature:
    | {
        readonly secrets: readonly [string, ...string[]];
        readonly header: string;
        /** Where the signed time is; undefined when none is signed. */
        readonly timestampHeader: string | undefined;
        readonly toleranceSeconds: number;
      }
    | undefined;
  readonly access: AccessProof;
}

export interface GrafanaOptions {
  /**
   * Whether a repeat is an event of its own. Default `{ everySeconds: 3600 }`: Grafana does not try again at once but at
   * its next `group_interval` (5 minutes by default), so that must be much shorter, and your `repeat_interval` (4 hours
   * by default) longer.
   */
  readonly repeats?: Repeats;
  /** `'custom'` for a contact point with a payload of its own. Default `'default'`: other bodies are refused. */
  readonly payload?: 'default' | 'custom';
}

const defaultHeader = 'x-grafana-alerting-signature';
const defaultToleranceSeconds = 300;

const names = z.object({
  WEBHOOK_SECRET: z.string().min(1).optional(),
  WEBHOOK_SECRET_PREVIOUS: z.string().min(1).optional(),
  WEBHOOK_HEADER: headerName.optional(),
  WEBHOOK_TIMESTAMP_HEADER: headerName.optional(),
  WEBHOOK_TOLERANCE_SECONDS: seconds.optional(),
  ...accessNames,
});

const proof: z.ZodType<GrafanaProof> = names
  .superRefine((given, context) => {
    const needs = (name: keyof typeof given, needed: keyof typeof given) => {
      if (given[name] === undefined || given[needed] !== undefined) return;
      context.addIssue({ code: 'custom', path: [name], message: `is set, and ${needed} is not` });
    };
    needs('WEBHOOK_SECRET_PREVIOUS', 'WEBHOOK_SECRET');
    needs('WEBHOOK_HEADER', 'WEBHOOK_SECRET');
    needs('WEBHOOK_TIMESTAMP_HEADER', 'WEBHOOK_SECRET');
    needs('WEBHOOK_TOLERANCE_SECONDS', 'WEBHOOK_TIMESTAMP_HEADER');
    if (given.WEBHOOK_SECRET !== undefined || demandsAccess(accessOf(given))) return;
    const message = 'is not set, nor is WEBHOOK_TOKEN, WEBHOOK_BASIC or WEBHOOK_PATH_TOKEN';
    context.addIssue({ code: 'custom', path: ['WEBHOOK_SECRET'], message });
  })
  .transform((given): GrafanaProof => ({ signature: signatureOf(given), access: accessOf(given) }));

function signatureOf(given: z.infer<typeof names>): GrafanaProof['signature'] {
  if (given.WEBHOOK_SECRET === undefined) return undefined;
  const previous = given.WEBHOOK_SECRET_PREVIOUS;
  return {
    secrets: [given.WEBHOOK_SECRET, ...(previous === undefined ? [] : [previous])],
    header: given.WEBHOOK_HEADER ?? defaultHeader,
    timestampHeader: given.WEBHOOK_TIMESTAMP_HEADER,
    toleranceSeconds: given.WEBHOOK_TOLERANCE_SECONDS ?? defaultToleranceSeconds,
  };
}

/**
 * Grafana's webhook contact points. The signature is over the body or, where Grafana is given the name of a header for
 * it, over a time, a colon and the body.
 * github.com/grafana/alerting `http/hmac.go`, `receivers/webhook/v1`; grafana.com/docs, webhook notifier
 */
export function grafana(
  options?: GrafanaOptions & { payload?: 'default' },
): Provider<GrafanaEvents, GrafanaProof>;
export function grafana(
  options: GrafanaOptions & { payload: 'custom' },
): Provider<Record<string, unknown>, GrafanaProof>;
export function grafana({
  repeats = { everySeconds: 3600 },
  payload = 'default',
}: GrafanaOptions = {}): Provider<GrafanaEvents, GrafanaProof> {
  requireRepeats('grafana', repeats);
  return {
    name: 'grafana',
    proof,
    verify(delivery, { signature, access }, { now }) {
      verifySignature(delivery, signature, now);
      verifyAccess(delivery, access);
    },
    read: (delivery) => readAlerts(delivery, { repeats, payload }),
    sign({ body }, { signature, access }, moment) {
      const headers = {
        'content-type': 'application/json',
        'user-agent': 'Grafana',
        ...accessHeaders(access),
      };
      if (signature === undefined) return headers;
      const { secrets, header, timestampHeader } = signature;
      const time = String(Math.floor(moment.getTime() / 1000));
      return {
        ...headers,
        ...(timestampHeader !== undefined && { [timestampHeader]: time }),
        [header]: hmac(secrets[0], signedParts(body, timestampHeader === undefined ? undefined : time)),
      };
    },
    pathToken: ({ access }) => access.pathTokens[0],
    // Others than the default are names from the environment; `read` needs none of them.
    keepHeaders: [defaultHeader],
    // As many alerts as a group has, unless the contact point says "Max alerts".
    bodyLimitBytes: 26_214_400,
    samples: grafanaSamples,
    develop: () => developmentSecret(),
  };
}

function verifySignature({ headers, body }: Delivery, signature: GrafanaProof['signature'], now: Date): void {
  if (signature === undefined) {
    // Never a weaker proof beside a stronger one that nobody looked at.
    if (headers.get(defaultHeader) === undefined) return;
    throw signatureInvalid('signature_mismatch', 'it is signed, and no WEBHOOK_SECRET is set');
  }
  const { secrets, header, timestampHeader, toleranceSeconds } = signature;
  const given = singleHeader(headers, header);
  if (!/^[0-9a-f]{64}$/.test(given)) {
    throw signatureInvalid('signature_malformed', `${header} is not 64 lower-case hex digits`);
  }
  const time = timestampHeader === undefined ? undefined : timestampOf(headers, timestampHeader);
  requireMatch([given], secrets, (secret) => hmac(secret, signedParts(body, time)));
  if (time !== undefined) requireFresh(Number(time), now, { toleranceSeconds });
}

const signedParts = (body: Buffer, time: string | undefined): (string | Buffer)[] =>
  time === undefined ? [body] : [`${time}:`, body];
