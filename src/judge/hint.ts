import type { AnyProvider } from '../define.ts';
import { ConfigError, type WebhookError } from '../errors.ts';
import { bodyVariants } from './bodies.ts';
import type { Captured } from './captured.ts';
import { judge, prove, provenBy, type Circumstances, type Judge } from './judge.ts';
import { decodedProofs, settingsVariants } from './secrets.ts';

/** Bodies up to so many bytes are tried in every way at once; larger ones in one way at a time. */
const pairedBytes = 262_144;

/** How long is tried to find a hint, in milliseconds: what takes the longest, a body of megabytes in many ways, comes to its end. */
const budgetMs = 2000;

/** A refused request, and what there is to find out why. */
export interface Riddle {
  readonly captured: Captured;
  readonly source: Judge;
  readonly circumstances: Circumstances;
  readonly refusal: WebhookError;
  /** The gateway's other sources: it may have been meant for one of them. */
  readonly others?: readonly Judge[];
}

/** A riddle with a moment, of `performance.now()`, at which no more is tried. */
type Timed = Riddle & { readonly until: number };

/** As many as come in time. */
function* inTime<Each>(all: Iterable<Each>, { until }: Timed): Generator<Each> {
  for (const each of all) {
    if (performance.now() > until) return;
    yield each;
  }
}

/**
 * What a person would try next, found by trying it: other secrets, the body as it may have been, another address, another
 * clock. Undefined where nothing comes to mind. Names variables and changes; never a secret, a signature or a body.
 */
export async function hintOf(riddle: Riddle): Promise<string | undefined> {
  const { refusal } = riddle;
  const { reason } = refusal;
  if (reason === 'timestamp_stale' || reason === 'timestamp_future') return await clockHint(riddle);
  if (refusal.code === 'signature_invalid') {
    return await proofHint({ ...riddle, until: performance.now() + budgetMs });
  }
  return plainHint(riddle);
}

async function proofHint(riddle: Timed): Promise<string | undefined> {
  const { captured, source, refusal } = riddle;
  const found =
    (await changedRequest(riddle)) ?? (await changedSettings(riddle)) ?? (await changedBoth(riddle));
  if (found !== undefined) return found;
  const addressee = await meantFor(riddle);
  if (addressee !== undefined)
    return `it is genuine for the source ${addressee}: it was sent to the wrong URL`;
  const cut = cutHint(captured);
  if (cut !== undefined) return cut;
  switch (refusal.reason) {
    case 'signature_mismatch':
      return source.provider.signsUrl
        ? 'signed by another secret or for another URL, or the body was changed on the way: compare the secret, EVERHOOK_PUBLIC_URL and what stands in front of Everhook'
        : 'signed by another secret, or the body was changed on the way: compare the secret, and look for a proxy that re-formats bodies';
    case 'token_mismatch':
      return `${refusal.note ?? 'the token is another'}: compare what the sender is given with what is set here`;
    case 'signature_missing':
      return missingHint(riddle);
    case 'signature_malformed':
      if (hasMilliseconds(riddle)) return 'the time is in milliseconds, where seconds are expected';
      return `${refusal.note ?? 'the signature has another form'}: was the header cut or rewritten on the way, or is the sender another?`;
    case 'signature_repeated':
      return 'a header came more than once: look for a proxy that adds it again';
    case 'timestamp_missing':
      return `${refusal.note ?? 'no time came'}: a proxy may drop the header, or the sender signs without a time`;
    case 'certificate_untrusted':
      return refusal.note ?? 'the certificate is none of the provider’s';
    default:
      return refusal.note;
  }
}

/** Thirteen digits are milliseconds until the year 2286. */
const hasMilliseconds = ({ captured: { headers }, source: { provider } }: Riddle): boolean =>
  headers.some(
    ([name, value]) =>
      provider.keepHeaders?.includes(name.toLowerCase()) && /(?:^|[\s,=])\d{13}(?:$|[\s,])/.test(value),
  );

function missingHint({ captured, refusal }: Riddle): string {
  const weak = captured.headers.find(([name]) => /^x-hub-signature$|^x-hubspot-signature$/i.test(name));
  const shown = refusal.note ?? 'no proof came';
  if (weak !== undefined && !shown.split(' ').includes(weak[0].toLowerCase())) {
    return `${shown}, only ${weak[0]}, a weaker one that is never accepted: set the sender to the stronger scheme`;
  }
  return `${shown}: has the webhook a secret at the sender, and does every proxy pass the header on?`;
}

/** Does it match when the request is put back as it may have been? */
async function changedRequest(riddle: Timed): Promise<string | undefined> {
  const { captured, source, circumstances } = riddle;
  const proven = provenBy(source, circumstances);
  const matches = async (changed: Captured, publicUrl = proven.publicUrl) =>
    isProof(await prove(changed, { source, proof: proven.proof, publicUrl, now: circumstances.now }));
  for (const { body, words } of inTime(bodyVariants(captured.body), riddle)) {
    if (await matches({ ...captured, body })) {
      return `signed by another secret, or the body was changed on the way: it matches ${words}`;
    }
  }
  for (const { headers, words } of inTime(headerVariants(captured, source.provider), riddle)) {
    if (await matches({ ...captured, headers }))
      return `a header was changed on the way: it matches with ${words}`;
  }
  if (!source.provider.signsUrl) return undefined;
  for (const { url, words } of inTime(urlVariants(captured, proven.publicUrl), riddle)) {
    const path = url.replace(/^https?:\/\/[^/]*/i, '');
    const origin = url.slice(0, url.length - path.length);
    if (await matches({ ...captured, url: path }, origin)) {
      return `the URL was changed on the way: it matches ${words}; EVERHOOK_PUBLIC_URL must be what the provider calls`;
    }
  }
  return undefined;
}

/** Does it match with other settings: a secret copied wrongly, or another endpoint's? */
async function changedSettings(riddle: Timed): Promise<string | undefined> {
  const { captured, source, circumstances } = riddle;
  const variants = settingsVariants(source, circumstances.environment);
  for (const { environment, words } of inTime(variants, riddle)) {
    const proven = provenOrNot(source, { ...circumstances, environment });
    if (proven && isProof(await prove(captured, { source, ...proven, now: circumstances.now }))) return words;
  }
  const { proof, publicUrl } = provenBy(source, circumstances);
  for (const { proof: decoded, words } of inTime(decodedProofs(proof), riddle)) {
    if (isProof(await prove(captured, { source, proof: decoded, publicUrl, now: circumstances.now })))
      return words;
  }
  return undefined;
}

/** Both at once: another secret, and a body that was changed. */
async function changedBoth(riddle: Timed): Promise<string | undefined> {
  const { captured, source, circumstances } = riddle;
  if (captured.body.length > pairedBytes) return undefined;
  const bodies = [...inTime(bodyVariants(captured.body), riddle)];
  for (const settings of inTime(settingsVariants(source, circumstances.environment), riddle)) {
    const proven = provenOrNot(source, { ...circumstances, environment: settings.environment });
    if (!proven) continue;
    for (const { body, words } of inTime(bodies, riddle)) {
      const refusal = await prove({ ...captured, body }, { source, ...proven, now: circumstances.now });
      if (isProof(refusal))
        return `${settings.words}, and the body was changed on the way: it matches ${words}`;
    }
  }
  return undefined;
}

/** The proof fits, whatever else is wrong: providers look at the time last. */
const isProof = (refusal: WebhookError | undefined): boolean =>
  refusal === undefined || /^timestamp_(stale|future)$/.test(refusal.reason);

function provenOrNot(source: Judge, circumstances: Circumstances) {
  try {
    return provenBy(source, circumstances);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** Another source of the gateway that takes it as it is. */
async function meantFor(riddle: Timed): Promise<string | undefined> {
  const { captured, circumstances, others = [] } = riddle;
  for (const other of inTime(others, riddle)) {
    if (provenOrNot(other, circumstances) === undefined) continue;
    const judgement = await judge(captured, other, circumstances);
    if (judgement.accepted) return other.name;
  }
  return undefined;
}

interface HeaderVariant {
  readonly headers: Captured['headers'];
  readonly words: string;
}

function* headerVariants({ headers }: Captured, { keepHeaders = [] }: AnyProvider): Generator<HeaderVariant> {
  const changes = [
    ['in lower case', (value: string) => value.toLowerCase()],
    ['with its blanks made +', (value: string) => value.replaceAll(' ', '+')],
    [
      'percent-decoded',
      (value: string) =>
        value.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16))),
    ],
    ['without the quotes around it', (value: string) => value.replace(/^"(.*)"$/, '$1')],
    ['without what is around it', (value: string) => value.trim()],
    ['with sha256= in front', (value: string) => `sha256=${value}`],
    ['without sha256= in front', (value: string) => value.replace(/^sha256=/, '')],
  ] as const;
  for (const [at, [name, value]] of headers.entries()) {
    if (!keepHeaders.includes(name.toLowerCase())) continue;
    for (const [words, change] of changes) {
      const changed = change(value);
      if (changed !== value)
        yield { headers: headers.with(at, [name, changed]), words: `${name.toLowerCase()} ${words}` };
    }
  }
}

/** The address as it may have been called: by another scheme, host or port, or with another end. */
function* urlVariants(
  { url, headers }: Captured,
  publicUrl: string | undefined,
): Generator<{ readonly url: string; readonly words: string }> {
  const [, own, path = ''] = /^(https?:\/\/[^/]*)?(.*)$/is.exec(url) ?? [];
  const header = (name: string) => headers.find(([other]) => other.toLowerCase() === name)?.[1];
  const hosts = [header('x-forwarded-host'), header('x-original-host'), header('host')];
  const origins = [
    publicUrl,
    own,
    ...hosts.flatMap((host) => (host ? [`https://${host}`, `http://${host}`] : [])),
  ];
  const known = origins.filter((origin) => origin !== undefined);
  const others = known.flatMap((origin) => [
    origin,
    origin.replace(/^https/i, 'http'),
    origin.replace(/^http:/i, 'https:'),
    origin.replace(/:\d+$/, ''),
    ...(/^https:/i.test(origin) && !/:\d+$/.test(origin) ? [`${origin}:443`] : []),
    origin.toLowerCase(),
  ]);
  for (const origin of new Set(others)) {
    yield { url: origin + path, words: `with ${origin}` };
    yield {
      url: `${origin}${path.replace(/\/?(\?|$)/, '/$1')}`,
      words: `with ${origin} and a slash at the path's end`,
    };
    yield {
      url: origin + path.replace(/\/(\?|$)/, '$1'),
      words: `with ${origin} and no slash at the path's end`,
    };
    yield { url: origin + path.replace(/\?.*$/s, ''), words: `with ${origin} and no query` };
    yield { url: `${origin}${decodedPath(path)}`, words: `with ${origin} and its escapes decoded` };
  }
}

function decodedPath(path: string): string {
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** Old, ahead, or in another unit. */
async function clockHint({ captured, source, circumstances, refusal }: Riddle): Promise<string> {
  const { now } = circumstances;
  const proven = provenBy(source, circumstances);
  const passesAt = async (time: number) => {
    const moment = new Date(time);
    if (Number.isNaN(moment.getTime())) return false;
    return (await prove(captured, { source, ...proven, now: moment })) === undefined;
  };
  // No clock is wrong by years: then the unit is.
  if (/\d{9,} m?s/.test(refusal.note ?? '')) {
    if (await passesAt(now.getTime() * 1000))
      return 'the time is in milliseconds, where seconds are expected';
    if (await passesAt(now.getTime() / 1000))
      return 'the time is in seconds, where milliseconds are expected';
  }
  const age = (refusal.note ?? 'too old').replace(
    /^(\d+) ms/,
    (_all, ms: string) => `${Number(ms) / 1000} s`,
  );
  return refusal.reason === 'timestamp_stale'
    ? `${age} by this clock: a replay, a delivery that waited in a queue or a tool, or a clock that is wrong`
    : `${age} of this clock: one of the two clocks is wrong`;
}

function plainHint({ captured, refusal }: Riddle): string | undefined {
  const cut = cutHint(captured);
  if (cut !== undefined) return cut;
  switch (refusal.reason) {
    case 'not_json':
      return /^[^{[<]+=/.test(captured.body.toString('latin1', 0, 200))
        ? 'the body looks like a form: set the sender to JSON'
        : 'it is genuine, and no JSON: is the sender set to JSON, or was it cut before it was signed?';
    case 'not_utf8':
      return 'it is genuine, and not UTF-8: the sender wrote it in another encoding';
    case 'content_encoding':
      return 'set the sender, or the proxy in front, not to compress bodies';
    case 'method_not_allowed':
      return 'webhooks are posted';
    case 'body_over_limit':
      return `${refusal.note ?? 'too large'}: bodyLimitBytes of the source, or smaller events at the sender`;
    default:
      return refusal.note === undefined ? undefined : `look at ${refusal.note}`;
  }
}

/** Fewer bytes, or more, than the sender said that it sends. */
function cutHint({ headers, body }: Captured): string | undefined {
  const announced = headers.find(([name]) => name.toLowerCase() === 'content-length')?.[1];
  if (announced === undefined || !/^\d+$/.test(announced) || Number(announced) === body.length)
    return undefined;
  return `the body has ${body.length} bytes and its Content-Length says ${announced}: it was cut or rewritten on the way`;
}
