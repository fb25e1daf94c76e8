import { camel } from './scaffold.ts';

/** The suite of a new provider for the table of conformance: each kind of case, or why there is none. */
export const conformanceOf = (name: string): string => `import { createHmac } from 'node:crypto';
import { ${camel(name)} } from '../../src/providers/${name}.ts';
import type { ConformanceSuite } from './conformance.ts';
import { headerOf, signed, withBody, withHeader } from './requests.ts';

const provider = ${camel(name)}();
const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_SECRET: 'the first secret' };
const header = 'x-${name}-signature';
const bodyWith = (text: string) => \`{"id":"evt_1","type":"thing.happened","data":{"id":"thing_1","note":"\${text}"}}\`;
const request = (body: string | Buffer, by: Readonly<Record<string, string>> = environment) =>
  signed(provider, by, { body, type: 'thing.happened', at: now });
const read = { ids: ['evt_1'], types: ['thing.happened'] };

/** Say here where the provider documents its signature, and who signed what follows. */
export function ${camel(name)}Suite(): ConformanceSuite {
  const base = request(bodyWith('plain'));
  const signature = headerOf(base, header);
  const independent = bodyWith('signed by another hand 🐎');
  const rotated = { WEBHOOK_SECRET: 'the new one', WEBHOOK_SECRET_PREVIOUS: environment.WEBHOOK_SECRET };
  const cut = base.body.subarray(0, -1);
  return {
    name: '${name}',
    provider,
    environment,
    now,
    base,
    covers: { body: true, headers: [header] },
    cases: [
      {
        kind: 'official signer',
        title: 'signed by an independent hand',
        request: withHeader(
          request(independent),
          header,
          createHmac('sha256', environment.WEBHOOK_SECRET).update(independent).digest('hex'),
        ),
        expect: read,
      },
      {
        kind: 'forged',
        title: 'signed with another secret',
        request: request(bodyWith('plain'), { WEBHOOK_SECRET: 'another' }),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no signature',
        request: withHeader(base, header),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'truncated',
        title: 'the last byte of the body is missing',
        request: withBody(base, cut),
        expect: { refused: 'signature_mismatch' },
      },
      {
        kind: 'truncated',
        title: 'a cut body, signed as it is',
        request: request(cut),
        expect: { refused: 'not_json' },
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in the body',
        request: request(bodyWith('žluťoučký 🐎')),
        expect: read,
      },
      {
        kind: 'invalid UTF-8',
        title: 'bytes FF FE in a text, signed as they are',
        request: request(Buffer.from(bodyWith('\\xff\\xfe'), 'latin1')),
        expect: { refused: 'not_utf8' },
      },
      {
        kind: 'repeated header',
        title: 'the signature came twice',
        request: withHeader(base, header, signature, signature),
        expect: { refused: 'signature_repeated' },
      },
      {
        kind: 'rotated proof',
        title: 'signed with the previous secret',
        request: base,
        environment: rotated,
        expect: read,
      },
      {
        kind: 'wrong algorithm',
        title: 'the right digest in base64',
        request: withHeader(base, header, Buffer.from(signature, 'hex').toString('base64')),
        expect: { refused: 'signature_malformed' },
      },
      {
        kind: 'replay under another id',
        title: 'the id is in the signed body: with another it is forged',
        request: withBody(base, base.body.toString().replace('evt_1', 'evt_2')),
        expect: { refused: 'signature_mismatch' },
      },
    ],
    without: {
      'published vector': 'none is known',
      stale: 'no time is signed',
      future: 'no time is signed',
      downgrade: 'there is one scheme',
      handshake: 'it asks nothing',
    },
  };
}
`;

/** The page of a new provider, in the shape that a test holds all pages to. */
export const pageOf = (name: string): string => {
  const prefix = name.toUpperCase().replaceAll('-', '_');
  return `# ${name}

What it tells of, in a sentence or two.

## Set it up

1. What to click, and which events to choose.
2. The address: \`https://<your host>/webhooks/${name}\`.
3. Where its secret is: that is \`${prefix}_WEBHOOK_SECRET\`.

## Variables

| name | needed? | what |
| --- | --- | --- |
| \`${prefix}_WEBHOOK_SECRET\` | yes | the shared secret |
| \`${prefix}_WEBHOOK_SECRET_PREVIOUS\` | while you change a secret | the one before |

## Send a test event

\`\`\`sh
npx everhook send ${name} thing.happened
\`\`\`

And the provider's own way.

## What is one event

- **Id**: \`id\`, signed with the body. Whether a retry keeps it is unconfirmed.
- **Type**: \`type\`.
- **Key**: \`data.id\`.
- **Time**: \`created_at\`. Ids are kept for ever.

## When we fail

| what | how |
| --- | --- |
| success | any 2xx: Everhook answers \`200 {"received":true}\` when the event is durable |
| time limit | unconfirmed. Everhook answers within 2 s, or 503 |
| retries | unconfirmed |

## Pitfalls

- What others have fallen into.
`;
};
