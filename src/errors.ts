/**
 * Every way a delivery can be refused, and a request to the admin port. The code goes out in the answer; the reason stays with
 * operators, in logs and metrics. `docs/errors.md` has a paragraph for each, and a test holds the
 * two together.
 */
export const problems = {
  payload_unreadable: {
    status: 400,
    detail: 'The body could not be read as an event',
    reasons: [
      'not_json',
      'not_utf8',
      'not_form',
      'not_xml',
      'field_missing',
      'field_malformed',
      'field_too_long',
      'field_repeated',
      'text_unstorable',
      'too_deep',
      'http_malformed',
      'body_incomplete',
    ],
  },
  event_id_missing: {
    status: 400,
    detail: 'The delivery carries no event id',
    reasons: ['field_missing', 'field_malformed', 'field_repeated'],
  },
  signature_invalid: {
    status: 401,
    detail: 'Invalid signature',
    reasons: [
      'signature_missing',
      'signature_malformed',
      'signature_mismatch',
      'signature_repeated',
      'timestamp_missing',
      'timestamp_stale',
      'timestamp_future',
      'certificate_untrusted',
      'token_mismatch',
    ],
  },
  https_required: { status: 403, detail: 'HTTPS required', reasons: ['plain_http'] },
  source_unknown: { status: 404, detail: 'No such source', reasons: ['source_unknown'] },
  method_not_allowed: { status: 405, detail: 'Method not allowed', reasons: ['method_not_allowed'] },
  request_timeout: { status: 408, detail: 'The request took too long', reasons: ['request_timeout'] },
  body_too_large: {
    status: 413,
    detail: 'The body is too large',
    reasons: ['body_over_limit', 'event_over_limit'],
  },
  encoding_unsupported: {
    status: 415,
    detail: 'Compressed bodies are not accepted',
    reasons: ['content_encoding'],
  },
  rate_limited: {
    status: 429,
    detail: 'Too many requests',
    reasons: ['too_many_refusals', 'source_limit'],
  },
  headers_too_large: {
    status: 431,
    detail: 'The request headers are too large',
    reasons: ['headers_too_large'],
  },
  internal: { status: 500, detail: 'Internal error', reasons: ['unexpected_error'] },
  body_already_parsed: {
    status: 500,
    detail: 'The raw body is gone',
    reasons: ['body_already_parsed'],
  },
  not_durable: {
    status: 503,
    detail: 'The event could not be made durable, send it again',
    reasons: [
      'journal_unavailable',
      'journal_slow',
      'temporal_unavailable',
      'start_unknown',
      'temporal_misconfigured',
      'id_taken',
      'certificate_unavailable',
      'provider_unavailable',
    ],
  },
  overloaded: {
    status: 503,
    detail: 'Too much in flight, send it again',
    reasons: ['bytes_in_flight'],
  },
  admin_unauthorized: {
    status: 401,
    detail: 'EVERHOOK_ADMIN_TOKEN is needed',
    reasons: ['token_missing', 'token_mismatch', 'token_unset'],
  },
  admin_forbidden: {
    status: 403,
    detail: 'Not from there',
    reasons: ['origin_unknown', 'host_unknown'],
  },
  payloads_unreadable: {
    status: 400,
    detail: 'The body is not a list of payloads',
    reasons: ['not_json', 'field_malformed'],
  },
} as const satisfies Record<
  string,
  { readonly status: number; readonly detail: string; readonly reasons: readonly string[] }
>;

/** A code of the table above, as the sender sees it. */
export type Code = keyof typeof problems;
/** Why, in one word, for operators. */
export type Reason<C extends Code = Code> = (typeof problems)[C]['reasons'][number];

/** A delivery is refused: thrown anywhere on its way, answered in one place (`api/problem.ts`). */
export class WebhookError extends Error {
  override readonly name = 'WebhookError';
  readonly code: Code;
  readonly reason: string;
  /** More for operators than the reason says; never a secret, a signature or a body. */
  readonly note: string | undefined;
  /** What the answer's headers say of it besides, names in lower case: when to try again. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    code: Code,
    options: { reason: Reason; note?: string; cause?: unknown; headers?: Readonly<Record<string, string>> },
  ) {
    const { reason, note, cause, headers = {} } = options;
    super(`${code}: ${reason}${note === undefined ? '' : ` (${note})`}`, { cause });
    this.code = code;
    this.reason = reason;
    this.note = note;
    this.headers = headers;
  }

  get status(): number {
    return problems[this.code].status;
  }
}

/** The configuration is wrong: the start prints the message, without a stack, and exits with 2. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}
