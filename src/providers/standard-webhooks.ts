import { randomUUID, type KeyObject } from 'node:crypto';
import { z } from 'zod';
import { ConfigError, WebhookError } from '../errors.ts';
import type { SchemaEvents } from './generic.ts';
import { at, parseJson, pointerPath, requireHeader, scalarText, utf8 } from './json.ts';
import { seconds } from './proof.ts';
import type { DeliveryHeaders, Provider } from './provider.ts';
import {
  developmentKey,
  headerNames,
  hmacKey,
  present,
  publicKey,
  requireOne,
  standardHeaders,
  verifyStandard,
  type HeaderSet,
  type StandardKeys,
} from './standard-signature.ts';
import { standardSamples } from './standard-webhooks-samples.ts';
import { zonedTime } from './zoned-time.ts';

/** The keys of a sender, and how old or new its signed time may be. */
export interface StandardProof extends StandardKeys {
  readonly toleranceSeconds: number | undefined;
}

export interface StandardOptions<Schemas extends Record<string, z.ZodType>> {
  /** Where the type is: a JSON Pointer (RFC 6901) into the body. Default `/type`. */
  readonly type?: string;
  /** Where that is which the event is about. Default none. */
  readonly key?: string;
  /** What bodies look like, by type. They type your rows, and judge what arrives. */
  readonly events?: Schemas;
  /** Bodies for `everhook send` and tests, by type. */
  readonly samples?: { readonly [Type in keyof Schemas]?: () => unknown };
}

/** What an event is called whose body names no type: the specification recommends one, and demands none. */
export const untyped = 'untyped';

/**
 * Any sender that keeps to Standard Webhooks: an HMAC (`v1`) by `WEBHOOK_SECRET`, an Ed25519 signature (`v1a`) by
 * `PUBLIC_KEY`. The id is signed, and stays the same when the sender tries again.
 */
export const standardWebhooks = <Schemas extends Record<string, z.ZodType> = Record<string, z.ZodType>>(
  options: StandardOptions<Schemas> = {},
): Provider<SchemaEvents<Schemas>, StandardProof> =>
  standardProvider(options, {
    name: 'standard-webhooks',
    sets: ['webhook-'],
    setOf: () => 'webhook-',
    samples: standardSamples,
  });

/** What the senders that keep to the scheme differ in. */
interface StandardKind {
  readonly name: string;
  /** The sets of headers that may be sent; `sign` sends the first. */
  readonly sets: readonly [HeaderSet, ...HeaderSet[]];
  /** The set that a request is judged and read by. */
  readonly setOf: (headers: DeliveryHeaders) => HeaderSet;
  readonly samples: Readonly<Record<string, () => unknown>>;
}

/** A provider of the scheme. Throws ConfigError when an option is no JSON Pointer. */
export function standardProvider<Schemas extends Record<string, z.ZodType>>(
  options: StandardOptions<Schemas>,
  { name, sets, setOf, samples: ownSamples }: StandardKind,
): Provider<SchemaEvents<Schemas>, StandardProof> {
  const { events: schemas } = options;
  const samples = options.samples ?? (schemas === undefined ? ownSamples : {});
  const typePath = pathOf(options.type ?? '/type');
  const keyPath = options.key === undefined ? undefined : pathOf(options.key);

  return {
    name,
    proof: standardProof,

    verify(delivery, proof, { now }) {
      const { toleranceSeconds } = proof;
      verifyStandard(delivery, proof, { set: setOf(delivery.headers), now, toleranceSeconds });
    },

    read({ headers, body }) {
      const payload = parseJson(utf8(body));
      if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) {
        throw new WebhookError('payload_unreadable', { reason: 'field_malformed', note: 'not an object' });
      }
      const id = requireHeader(headers, `${setOf(headers)}id`, 'event_id_missing');
      const type = scalarText(at(payload, typePath));
      const key = keyPath === undefined ? undefined : scalarText(at(payload, keyPath));
      const occurredAt = zonedTime(at(payload, ['timestamp']));
      return {
        events: [
          {
            id,
            types: [type === undefined || type === '' ? untyped : type],
            ...(key !== undefined && { key }),
            ...(occurredAt !== undefined && { occurredAt }),
            payload,
          },
        ],
      };
    },

    sign({ body, id = `msg_${randomUUID().replaceAll('-', '')}` }, { secrets, publicKeys, privateKey }, at) {
      if (publicKeys.length > 0 && privateKey === undefined) {
        throw new ConfigError(`${name}: PRIVATE_KEY is not set, by which a sender signs for PUBLIC_KEY`);
      }
      return {
        'content-type': 'application/json',
        ...standardHeaders({ id, body }, { secret: secrets[0], privateKey }, { set: sets[0], at }),
      };
    },

    keepHeaders: sets.flatMap(headerNames),
    // 15 to 30 s are advised: github.com/standard-webhooks, "Request timeouts"; Svix: 15 s, docs.svix.com/retries
    answerWithinMs: 15_000,
    samples: samples as Provider<SchemaEvents<Schemas>>['samples'],
    ...(schemas && { schemas }),
    develop: () => ({ WEBHOOK_SECRET: developmentKey() }),
  };
}

function pathOf(pointer: string): string[] {
  if (pointer.startsWith('/')) return pointerPath(pointer);
  throw new ConfigError(`standard webhooks: ${pointer || 'nothing'} is not a JSON Pointer such as /type`);
}

/** `WEBHOOK_SECRET`, `PUBLIC_KEY`, each with `_PREVIOUS`, of which one must be set; `WEBHOOK_TOLERANCE_SECONDS`. */
const standardProof: z.ZodType<StandardProof> = z
  .object({
    WEBHOOK_SECRET: hmacKey.optional(),
    WEBHOOK_SECRET_PREVIOUS: hmacKey.optional(),
    PUBLIC_KEY: publicKey.optional(),
    PUBLIC_KEY_PREVIOUS: publicKey.optional(),
    WEBHOOK_TOLERANCE_SECONDS: seconds.optional(),
  })
  .superRefine(requireOne('WEBHOOK_SECRET', 'PUBLIC_KEY'))
  .transform((names): StandardProof => ({
    secrets: present(names.WEBHOOK_SECRET, names.WEBHOOK_SECRET_PREVIOUS),
    publicKeys: present<KeyObject>(names.PUBLIC_KEY, names.PUBLIC_KEY_PREVIOUS),
    toleranceSeconds: names.WEBHOOK_TOLERANCE_SECONDS,
  }));
