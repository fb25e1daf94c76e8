import { Argument, Command, InvalidArgumentError } from 'commander';
import { processEnvironment, readConfig } from '../config.ts';
import type { AnyProvider, Gateway } from '../define.ts';
import { readAddresses } from '../dev/addresses.ts';
import { developmentSecrets } from '../dev/secrets.ts';
import { openBody } from '../encryption/credentials.ts';
import type { Keys } from '../encryption/keys.ts';
import { SealError } from '../encryption/seal.ts';
import { ConfigError, type WebhookError } from '../errors.ts';
import { findDelivery, type KeptDelivery } from '../journal/search.ts';
import { hintOf } from '../judge/hint.ts';
import { judge, settledJudge } from '../judge/judge.ts';
import type { Environment } from '../settings.ts';
import { gatewayOption } from './gateway.ts';
import {
  age,
  jsonOption,
  nothing,
  printJson,
  visible,
  when,
  withJournal,
  type JournalOptions,
} from './journal.ts';
import { print } from './print.ts';
import { judgeOf, otherJudges } from './verify.ts';

/** What became of a refused delivery when it was judged once more. */
interface Explanation {
  /** Whether the gateway would take it now, as it was and when it was. */
  readonly accepted: boolean;
  readonly reason: string | null;
  readonly hint: string | null;
}

/** `everhook rejected explain <id>`: judges a refused delivery again, and says what to try. */
export const explain = (): Command =>
  new Command('explain')
    .description('why a delivery was refused, judged again with the proofs of now, and what to try next')
    .addArgument(new Argument('<id>', "the delivery's, as everhook rejected lists it").argParser(deliveryId))
    .addOption(gatewayOption())
    .addOption(jsonOption())
    .addHelpText('after', '\nExample:\n  everhook rejected explain 019ac3f2-…')
    .action((id: string, options: JournalOptions) =>
      withJournal(options, async (pool, gateway, keys) => {
        const delivery = await findDelivery(pool, id);
        if (delivery === undefined) return nothing(`No delivery ${id}`);
        const explanation = await explained(delivery, gateway, keys);
        if (options.json) printJson({ ...summary(delivery), ...explanation });
        else printExplanation(delivery, explanation);
      }),
    );

async function explained(
  delivery: KeptDelivery,
  gateway: Gateway,
  keys: () => Promise<Keys>,
): Promise<Explanation> {
  const { source: name, method, url, headers, body, redacted, receivedAt } = delivery;
  const known = judgeOf(name, gateway);
  if (body === null) return unknown('its body was purged, and nothing is left to judge');
  if (redacted) {
    return unknown(
      'its body was kept without what its provider wants erased, so that the proof fits no more',
    );
  }
  const bytes = delivery.sealed ? opened(body, await keys()) : body;
  if (bytes.length < delivery.bytes) {
    return unknown(
      `of its ${delivery.bytes} bytes the first ${bytes.length} were kept, which are not what was signed`,
    );
  }
  const captured = {
    method,
    url,
    headers: Object.entries(headers).flatMap(([header, values]) =>
      values.map((value) => [header, value] as const),
    ),
    body: bytes,
  };
  const circumstances = { environment: await environmentOf(gateway), now: receivedAt };
  const source = settledJudge(known, circumstances);
  const judgement = await judge(captured, source, circumstances);
  if (judgement.accepted) {
    return {
      accepted: true,
      reason: null,
      hint: 'it is genuine by the proofs of now: let the provider send it again',
    };
  }
  const { refusal } = judgement;
  if (refusal.note?.includes('authorization')) {
    return unknown('what it showed as authorization is never kept, so that it cannot be judged again');
  }
  if (wasShownThen(refusal, delivery, source.provider)) {
    return unknown('what it showed as proof is never kept, so that it cannot be judged again');
  }
  if (refusal.note?.startsWith('no certificate was captured')) {
    return unknown('the certificate that it names is not kept with it: everhook verify takes it');
  }
  const others = otherJudges(name, gateway);
  const hint = await hintOf({ captured, source, circumstances, refusal, others });
  return { accepted: false, reason: refusal.reason, hint: hint ?? null };
}

/** A path token, or the header of a token, that is missed now and was not then. */
function wasShownThen({ note = '' }: WebhookError, delivery: KeptDelivery, provider: AnyProvider): boolean {
  if (delivery.note?.includes(note)) return false;
  if (note === 'no token in the path') return true;
  const [, header] = /^no (\S+)$/.exec(note) ?? [];
  return header !== undefined && !provider.keepHeaders?.includes(header.toLowerCase());
}

const unknown = (hint: string): Explanation => ({ accepted: false, reason: null, hint });

function opened(body: Buffer, keys: Keys): Buffer {
  try {
    return openBody(body, keys);
  } catch (cause) {
    if (!(cause instanceof SealError)) throw cause;
    throw new ConfigError(`the body could not be opened: ${cause.message}`, { cause });
  }
}

/** The proofs that are set here; beside a running `everhook start`, its own. */
async function environmentOf(gateway: Gateway): Promise<Environment> {
  const config = readConfig(gateway);
  const beside = await readAddresses(config.home);
  const made = beside === undefined ? {} : (await developmentSecrets(gateway, config)).values;
  return { ...made, ...processEnvironment() };
}

const summary = ({ id, source, receivedAt, verdict, code, reason, note }: KeptDelivery) => ({
  id,
  source,
  receivedAt,
  verdict,
  refusal: { code, reason, note },
});

function printExplanation(delivery: KeptDelivery, { accepted, reason, hint }: Explanation): void {
  const { id, source, receivedAt, verdict, code, note } = delivery;
  print(`${id}  ${visible(source)}, ${verdict}, ${when(receivedAt)} (${age(receivedAt)} ago)`);
  const then = [code, delivery.reason, note].filter((part) => part !== null);
  if (then.length > 0) print(`  then  ${visible(then.join(', '))}`);
  if (accepted || reason !== null) print(`  now   ${accepted ? 'accepted' : reason}`);
  if (hint !== null) print(`  hint  ${visible(hint)}`);
}

function deliveryId(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text;
  throw new InvalidArgumentError('the id of a delivery, a UUID, as everhook rejected lists it');
}
