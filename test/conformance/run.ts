import { environmentPrefix } from '../../src/config.ts';
import { judge } from '../../src/judge/judge.ts';
import type { Captured } from '../../src/judge/captured.ts';
import type { ReadEvent } from '../../src/providers/provider.ts';
import { kinds, type ConformanceCase, type ConformanceSuite, type Expectation } from './conformance.ts';

/** What came of a case. */
export interface Finding {
  readonly provider: string;
  readonly kind: string;
  readonly title: string;
  /** What the gateway says, in words. */
  readonly said: string;
  /** What is wrong with that; undefined where nothing is. */
  readonly complaint: string | undefined;
}

type SuiteParts = Pick<ConformanceSuite, 'name' | 'provider'> & {
  readonly environment: Readonly<Record<string, string>>;
  readonly now: Date;
};

/** Judges a request as the gateway does, with proofs by their names in the environment. */
export const judgeCaptured = (request: Captured, { name, provider, environment, now }: SuiteParts) =>
  judge(request, { name, provider }, { environment: prefixed(name, environment), now });

const prefixed = (name: string, environment: SuiteParts['environment']): Record<string, string> =>
  Object.fromEntries(
    Object.entries(environment).map(([variable, value]) => [
      variable.startsWith('EVERHOOK_') ? variable : environmentPrefix(name) + variable,
      value,
    ]),
  );

/** Judges the cases of a suite, one by one, in the order of the kinds. */
export async function runSuite(suite: ConformanceSuite): Promise<Finding[]> {
  const findings: Finding[] = [];
  const base = await readBase(suite);
  for (const kind of kinds) {
    const cases = suite.cases.filter((one) => one.kind === kind);
    const why = suite.without[kind];
    for (const one of cases) findings.push(await runCase(one, suite, base));
    if (cases.length > 0 && why === undefined) continue;
    const complaint = cases.length > 0 ? 'there is a case, and a reason against it' : undefined;
    findings.push({
      provider: suite.name,
      kind,
      title: '–',
      said: why ?? 'nothing',
      complaint: complaint ?? (why === undefined ? 'no case, and no reason why' : undefined),
    });
  }
  return findings;
}

async function readBase(suite: ConformanceSuite): Promise<readonly ReadEvent[]> {
  const judgement = await judgeCaptured(suite.base, suite);
  if (!judgement.accepted)
    throw new Error(`${suite.name}: its base is refused: ${judgement.refusal.message}`);
  return judgement.events;
}

async function runCase(
  one: ConformanceCase,
  suite: ConformanceSuite,
  base: readonly ReadEvent[],
): Promise<Finding> {
  const judgement = await judgeCaptured(one.request, {
    ...suite,
    environment: one.environment ?? suite.environment,
    now: one.now ?? suite.now,
  });
  const said = judgement.accepted
    ? judgement.handshake
      ? 'accepted, a handshake'
      : `accepted, ${judgement.events.length === 1 ? 'one event' : `${judgement.events.length} events`}`
    : `refused: ${judgement.refusal.code}, ${judgement.refusal.reason}`;
  const complaint = judgement.accepted
    ? complaintOf(one.expect, judgement.handshake, judgement.events, base)
    : 'refused' in one.expect && one.expect.refused === judgement.refusal.reason
      ? undefined
      : `expected ${JSON.stringify(one.expect)}, said ${judgement.refusal.message}`;
  return { provider: suite.name, kind: one.kind, title: one.title, said, complaint };
}

function complaintOf(
  expect: Expectation,
  handshake: boolean,
  events: readonly ReadEvent[],
  base: readonly ReadEvent[],
): string | undefined {
  if ('refused' in expect) return `expected to be refused: ${expect.refused}`;
  if ('handshake' in expect) return handshake ? undefined : 'expected a handshake';
  if (handshake) return 'expected events, not a handshake';
  const ids = events.map(({ id }) => id);
  const types = events.map((event) => event.types[0]);
  if (ids.join('\n') !== expect.ids.join('\n')) return `ids are ${ids.join(', ')}`;
  if (expect.types && types.join('\n') !== expect.types.join('\n')) return `types are ${types.join(', ')}`;
  if (expect.knownAgain && !isKnownAgain(events, base)) return 'neither once nor echo is that of the base';
  return undefined;
}

const isKnownAgain = (events: readonly ReadEvent[], base: readonly ReadEvent[]): boolean =>
  events.length === base.length &&
  events.every(({ once, echo }, at) =>
    once === undefined ? echo !== undefined && echo === base[at]?.echo : once === base[at]?.once,
  );
