import { format, resolveConfig } from 'prettier';
import type { Finding } from './run.ts';

/** `docs/conformance.md`: what the gateway said, one row per provider and case. */
export async function conformanceTable(findings: readonly Finding[]): Promise<string> {
  const providers = [...new Set(findings.map(({ provider }) => provider))];
  const cases = findings.filter(({ title }) => title !== '–').length;
  const text = [
    '# Conformance',
    '',
    `What a gateway says of ${cases} requests of ${providers.length} kinds of senders. Written by \`npm run conformance\`; \`npm test\``,
    'judges them all again and fails where a line differs. Where a provider cannot have a case, the line says why.',
    '',
    'Each is judged alone, as by [`everhook verify`](verify.md), which knows no journal: what is accepted here and "known again" is a',
    'duplicate, a conflict or a possible replay to a gateway that had the first one ([which](lifecycle.md#the-journal)).',
    ...providers.flatMap((provider) => [
      '',
      `## ${provider}`,
      '',
      '| case | what is sent | what is said |',
      '| --- | --- | --- |',
      ...findings
        .filter((finding) => finding.provider === provider)
        .map(({ kind, title, said }) => `| ${kind} | ${cell(title)} | ${cell(said)} |`),
    ]),
    '',
  ].join('\n');
  return await format(text, { ...(await resolveConfig('docs/conformance.md')), parser: 'markdown' });
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
