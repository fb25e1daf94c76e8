import { readFile, writeFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ConformanceSuite } from './conformance.ts';
import { withBody } from './requests.ts';
import { judgeCaptured, runSuite } from './run.ts';
import { suites } from './suites.ts';
import { conformanceTable } from './table.ts';

const file = new URL('../../docs/conformance.md', import.meta.url);
const made = await Promise.all(suites.map(async (make) => await make()));
const findings = (await Promise.all(made.map(runSuite))).flat();

test.each(
  findings.map((finding) => [`${finding.provider}, ${finding.kind}: ${finding.title}`, finding] as const),
)('%s', (_name, { complaint }) => {
  expect(complaint).toBeUndefined();
});

test('docs/conformance.md says what was found', async () => {
  const table = await conformanceTable(findings);
  if (process.env['EVERHOOK_WRITE_CONFORMANCE'] === '1') await writeFile(file, table);
  expect(await readFile(file, 'utf8').catch(() => '')).toBe(table);
});

describe.each(made.map((suite) => [suite.name, suite] as const))('%s', (_name, suite) => {
  const said = async (request: ConformanceSuite['base']) => {
    const judgement = await judgeCaptured(request, suite);
    return judgement.accepted ? 'accepted' : judgement.refusal.code;
  };

  test('any one bit of its body that is flipped is refused, where the proof covers it', async () => {
    const { base, covers } = suite;
    await fc.assert(
      fc.asyncProperty(fc.nat(Math.max(0, base.body.length * 8 - 1)), async (bit) => {
        const body = Buffer.from(base.body);
        body[bit >> 3]! ^= 1 << (bit & 7);
        const verdict = await said(withBody(base, body));
        if (covers.body) expect(verdict).not.toBe('accepted');
      }),
      { numRuns: 300 },
    );
  });

  test('any one bit of a covered header that is flipped is refused', async () => {
    const { base, covers, caseless = [] } = suite;
    for (const name of covers.headers) {
      const at = base.headers.findIndex(([other]) => other.toLowerCase() === name);
      expect(at, `no header ${name}`).toBeGreaterThanOrEqual(0);
      const [given, value] = base.headers[at]!;
      for (let bit = 0; bit < value.length * 8; bit++) {
        const bytes = Buffer.from(value, 'latin1');
        bytes[bit >> 3]! ^= 1 << (bit & 7);
        const flipped = bytes.toString('latin1');
        if (caseless.includes(name) && flipped.toLowerCase() === value.toLowerCase()) continue;
        const headers = base.headers.with(at, [given, flipped]);
        expect(await said({ ...base, headers }), `${name}, bit ${bit}`).not.toBe('accepted');
      }
    }
  });

  test('garbage is refused, and nothing else happens', async () => {
    const names = suite.base.headers.map(([name]) => name);
    const anything = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('', ',', '=', 'v1=', 't=1,v1='));
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array(),
        fc.array(anything, { maxLength: names.length }),
        async (bytes, values) => {
          const headers = values.map((value, at) => [names[at] ?? 'x', value] as const);
          const verdict = await said({ ...suite.base, body: Buffer.from(bytes), headers });
          expect(verdict).not.toBe('internal');
        },
      ),
      { numRuns: 300 },
    );
  });
});
