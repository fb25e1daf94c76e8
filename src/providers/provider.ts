import type { z } from 'zod';

/** A request to a known source, before anything is believed about it. */
export interface Delivery {
  readonly method: string;
  /** The path and query as sent, without the path token. */
  readonly url: string;
  /** What the provider calls, scheme and host included, when `EVERHOOK_PUBLIC_URL` says it. */
  readonly publicUrl?: string;
  readonly headers: DeliveryHeaders;
  /** The bytes as received; signatures are over these. */
  readonly body: Buffer;
  /** The secret last segment of the URL, if any. */
  readonly pathToken?: string;
  readonly receivedAt: Date;
  /** The sender's address, behind trusted proxies too. For people: nothing is decided by it. */
  readonly remoteAddress?: string;
  /** The body is not as received: its provider's `blank` has erased something. */
  readonly redacted?: boolean;
}

/** Request headers that remember which of them were repeated. Names are matched in any case. */
export class DeliveryHeaders {
  /** Names and values in turn, as they came. Few of them are ever asked for. */
  readonly #raw: readonly string[];

  /** Of names with their values, or of Node's `rawHeaders`, where they alternate. */
  constructor(
    headers: Iterable<readonly [name: string, value: string]> | { readonly raw: readonly string[] },
  ) {
    this.#raw = 'raw' in headers ? headers.raw : [...headers].flat();
  }

  /** The value; repeated headers are folded with a comma and a blank, as RFC 9110 5.3 allows. */
  get(name: string): string | undefined {
    const values = this.#valuesOf(name);
    return values.length === 0 ? undefined : values.join(', ');
  }

  /** Those of these names that are there, each with its values; names as given. */
  pick(names: readonly string[]): Record<string, readonly string[]> {
    const picked: Record<string, readonly string[]> = {};
    for (const name of names) {
      const values = this.#valuesOf(name);
      if (values.length > 0) picked[name] = values;
    }
    return picked;
  }

  /** True when the header came more than once. */
  repeated(name: string): boolean {
    return this.#valuesOf(name).length > 1;
  }

  #valuesOf(name: string): string[] {
    const wanted = name.toLowerCase();
    const values: string[] = [];
    for (let at = 0; at < this.#raw.length; at += 2) {
      const found = this.#raw[at]!;
      if (found.length === wanted.length && found.toLowerCase() === wanted)
        values.push(this.#raw[at + 1] ?? '');
    }
    return values;
  }
}

/** One event that a delivery tells of. */
export interface ReadEvent {
  /** The provider's id. */
  readonly id: string;
  /** Most specific first: `['pull_request.opened', 'pull_request']`. */
  readonly types: readonly [string, ...string[]];
  readonly key?: string;
  /** ISO 8601, by the provider's clock. */
  readonly occurredAt?: string;
  readonly payload: unknown;
  /** What must be equal for "the same event again"; default the payload. */
  readonly sameness?: unknown;
  /** What is signed, where the id is not: a replay under another id shows itself by this. */
  readonly once?: string;
  /**
   * A hash of the signed bytes, where the id is not among them: equal bytes under a new id are shown as a
   * possible replay, and refused as one where the source says `refuseReplays`.
   */
  readonly echo?: string;
  /** At most 8 of 128 bytes, for search: customer, invoice, branch. */
  readonly labels?: Readonly<Record<string, string>>;
}

/** What a delivery says: events, or a question of the provider's that is answered and ends there. */
export type Reading = { readonly events: readonly ReadEvent[] } | { readonly handshake: Answer };

/** An HTTP answer. An object body is sent as JSON, a text as it is. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readonly<Record<string, unknown>> | string;
}

/** What became of a delivery's events, for a provider that wants another answer than the default. */
export interface Outcome {
  readonly events: readonly { readonly id: string; readonly type: string }[];
  /** The default answer's body: `{ received: true, … }`. */
  readonly body: Readonly<Record<string, unknown>>;
}

/** A request that a sender is about to sign. */
export interface UnsignedRequest {
  readonly method: string;
  /** The whole address, as the provider calls it. */
  readonly url: string;
  readonly body: Buffer;
  /** The event's most specific type, for providers that name it in a header. */
  readonly type: string;
  /** The event's id, for providers that send it in a header; default a fresh one. */
  readonly id?: string;
}

/** The proof as its sender holds it: the shared secrets, or the private half of a key pair, as `develop` made it. */
export type SigningProof<Proof> = Proof & { readonly privateKey?: string };

/**
 * Finds the certificate under a URL that `verify` has judged safe to fetch; gives PEM. Throws WebhookError where it knows
 * what its failure means; any other error says that there is no such certificate.
 */
export type CertificateLookup = (url: URL) => Promise<string>;

/** What is asked of the provider's own API. Its URL is the configuration's: a delivery never has a say in it. */
export interface Question {
  readonly method: 'POST';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** In whose name: its token goes along, as `authorization`. */
  readonly client: OAuthClient;
}

/** Who may ask for tokens by its id and secret, and where (RFC 6749, 4.4). */
export interface OAuthClient {
  readonly tokenUrl: string;
  readonly id: string;
  readonly secret: string;
}

/** What an API answered, whatever that is. */
export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Asks the provider. Throws WebhookError `provider_unavailable` where no answer came in time, or no token. */
export type Ask = (question: Question) => Promise<Reply>;

/** What `verify` may know besides the delivery. */
export interface VerifyContext {
  readonly now: Date;
  readonly certificate?: CertificateLookup;
  /** Not there where a request is judged offline: nobody is asked then. */
  readonly ask?: Ask;
}

/**
 * How one kind of sender proves, says and wants things. Made by a function of its options; knows
 * nothing of Express, Postgres or Temporal.
 */
export interface Provider<Events extends object = Record<string, unknown>, Proof = unknown> {
  /** Its name in messages and metrics: `stripe`. */
  readonly name: string;
  /** Over the names that follow `<SOURCE>_` in the environment; `config.ts` reads no other list. */
  readonly proof: z.ZodType<Proof>;
  /** Returns when the bytes are the provider's, else throws WebhookError `signature_invalid`. */
  verify(delivery: Delivery, proof: Proof, context: VerifyContext): void | Promise<void>;
  /** Runs only after `verify`. Throws WebhookError `payload_unreadable` or `event_id_missing`. */
  read(delivery: Delivery): Reading;
  /** Default: 200 with the outcome's body. */
  answer?(outcome: Outcome): Answer;
  /**
   * Request headers that are kept with a delivery, besides `content-type` and `user-agent`: what `read`
   * looks at, since the journal reads bodies again, and what explains a refusal. Lower case.
   */
  readonly keepHeaders?: readonly string[];
  /** Counted up when `read` gives something else for the same bytes. Default 1. */
  readonly readerVersion?: number;
  /**
   * Erases what nobody may keep, a session of the sender's for one: gives the body without it, or the same
   * bytes. Runs after `verify` and before `read`; also over refused deliveries, whose bytes may be anything: where it
   * throws, no byte of the body is kept.
   */
  blank?(body: Buffer): Buffer;
  /**
   * JSON Pointers (RFC 6901) into the payload to what a run needs and nobody else may see: a token to answer
   * with. Runs get them sealed, and open them in an activity (`ActivityContext.reveal`); the journal keeps such
   * a source's bodies sealed. In production a source with credentials needs EVERHOOK_ENCRYPTION_KEY.
   */
  readonly credentials?: readonly string[];
  /**
   * `occurredAt` is the event's own, made once by the provider, inside the signed bytes: a retry carries the same. So
   * its id may be forgotten after 90 days or more, and an event that occurred before is told by its time. Default
   * false: ids are kept for ever.
   */
  readonly signedTime?: boolean;
  /**
   * It signs the URL that it calls: `verify` needs `delivery.publicUrl`. In production EVERHOOK_PUBLIC_URL must be set
   * then; in development it is the address that the gateway listens on.
   */
  readonly signsUrl?: boolean;
  /** How long the provider waits, in milliseconds. Default 3000. */
  readonly answerWithinMs?: number;
  /**
   * The largest body it sends, in bytes, where that is more than 1,572,864 (1.5 MiB). With the journal a source
   * takes so much by default, up to 26,214,400 (25 MiB); in direct mode it does not.
   */
  readonly bodyLimitBytes?: number;
  /** The headers of a request that this provider would have sent; for tests, samples, `everhook send`. */
  sign(request: UnsignedRequest, proof: SigningProof<Proof>, at: Date): Record<string, string>;
  /** The secret last segment of the URL that its senders are given, where there is one. */
  pathToken?(proof: Proof): string | undefined;
  /** Realistic bodies by type, each with a fresh id; the ones `everhook send` knows. */
  readonly samples: { readonly [Type in keyof Events]?: () => unknown };
  /** What the user says payloads look like. They judge, they never change the payload. */
  readonly schemas?: { readonly [Type in keyof Events]?: z.ZodType };
  /**
   * Of a source whose scheme is in the environment: the provider of that scheme, from the values by their names (as in
   * `proof`). Undefined where there is none to read, which `proof` complains of.
   */
  settle?(names: Readonly<Record<string, string>>): Provider<Events> | undefined;
  /**
   * Environment values (names as in `proof`) that a development start makes up when none are set; besides, where the
   * sender holds another half than the gateway, `PRIVATE_KEY`, which `sign` gets as `proof.privateKey`; and where it
   * signs with a certificate, `CERTIFICATE`, which a gateway in development takes for the one that a delivery names.
   */
  develop?(): Readonly<Record<string, string>>;
  /** Never set: carries the map of types. */
  readonly events?: Events;
}
