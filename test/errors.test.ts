import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { problems } from '../src/errors.ts';

const page = readFileSync(new URL('../docs/errors.md', import.meta.url), 'utf8');
const headings = [...page.matchAll(/^### `(\w+)` \((\d{3})\)$/gm)].map(([, code, status]) => [
  code,
  Number(status),
]);
const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => [/^`(\w+)`/.exec(section)?.[1] ?? '', section]),
);

test('docs/errors.md has a section for every code, with its status, and no other', () => {
  expect(headings).toEqual(Object.entries(problems).map(([code, { status }]) => [code, status]));
});

test.each(Object.entries(problems))(
  'docs/errors.md explains the reasons of %s, and no other',
  (code, problem) => {
    const explained = [...(sections.get(code) ?? '').matchAll(/^- `(\w+)`: \S/gm)].map(
      ([, reason]) => reason,
    );
    expect(explained).toEqual([...problem.reasons]);
  },
);
