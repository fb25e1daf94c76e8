import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { environmentPrefix, proofNames } from '../src/config.ts';
import type { AnyProvider } from '../src/define.ts';
import { sources } from '../src/sources.ts';

const headings = [
  'Set it up',
  'Variables',
  'Send a test event',
  'What is one event',
  'When we fail',
  'Pitfalls',
];

/** Where code stands between fences, a # is no heading. */
const withoutCode = (text: string) => text.replaceAll(/^( *)```[^]*?^\1```$/gm, '');

describe.each(Object.entries<{ provider: AnyProvider }>(sources))(
  'docs/providers: %s',
  (source, { provider }) => {
    const text = readFileSync(new URL(`../docs/providers/${source}.md`, import.meta.url), 'utf8');
    const sections = withoutCode(text).split(/^## /m);

    test('has exactly these headings, and a sentence before them', () => {
      expect(sections.slice(1).map((section) => section.slice(0, section.indexOf('\n')))).toEqual(headings);
      expect(sections[0]).toMatch(/^# \S.*\n\n\S/);
    });

    test('names every variable of its proof', () => {
      const table = sections.find((section) => section.startsWith('Variables'));
      for (const name of proofNames(provider.proof)) {
        const [base = name, previous] = name.split(/(?=_PREVIOUS$)/);
        expect(table).toContain(environmentPrefix(source) + base);
        if (previous !== undefined) expect(table).toContain('_PREVIOUS');
      }
    });

    test('gives its address, and a command to try it', () => {
      expect(text).toContain(`/webhooks/${source}`);
      expect(text).toMatch(new RegExp(`everhook send ${source} \\S`));
    });
  },
);
