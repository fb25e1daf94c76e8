import { conformanceOf, pageOf } from './new-provider-extras.ts';
import { camel, pascal, type Place, type Scaffold } from './scaffold.ts';

/** A provider that works: a hex HMAC of the body, id and type in the body. Its tests; in a clone its page and table. */
export const providerScaffold = (name: string, place: Place): Scaffold =>
  place.kind === 'clone' ? inClone(name) : inProject(name, place);

function inClone(name: string): Scaffold {
  const value = camel(name);
  return {
    files: [
      { path: `src/providers/${name}.ts`, text: provider(name, cloneImports) },
      { path: `test/providers/${name}.test.ts`, text: cloneTest(name) },
      { path: `test/conformance/${name}.ts`, text: conformanceOf(name) },
      { path: `docs/providers/${name}.md`, text: pageOf(name) },
    ],
    exports: [
      {
        path: 'src/providers/index.ts',
        lines: [
          `export { ${value} } from './${name}.ts';`,
          `export type { ${pascal(name)}Event, ${pascal(name)}Events } from './${name}.ts';`,
        ],
        word: value,
      },
    ],
    next: [
      `make src/providers/${name}.ts what the provider's documentation says, and name that in its comment`,
      `run its test as you go: npx vitest run --project unit test/providers/${name}.test.ts`,
      `name it in src/sources.ts: ${key(name)}: source(${value}())`,
      `name its suite in test/conformance/suites.ts: ${value}Suite; then npm run conformance`,
      `fill in docs/providers/${name}.md`,
      `send yourself an event: npm start, and in another terminal npx everhook send ${name} thing.happened`,
      'npm run check',
    ],
  };
}

function inProject(name: string, { base }: Place): Scaffold {
  const value = camel(name);
  const file = `${base}providers/${name}.ts`;
  const test = `${base}providers/${name}.test.ts`;
  return {
    files: [
      { path: file, text: provider(name, projectImports) },
      { path: test, text: projectTest(name) },
    ],
    exports: [],
    next: [
      `make ${file} what the provider's documentation says, and name that in its comment`,
      `run its test as you go: node --import tsx --test ${test}`,
      `name it in ${base}gateway.ts: import { ${value} } from './providers/${name}.ts', and ${key(name)}: source(${value}()) in sources`,
      `give it a row in routes: ${key(name)}: { 'thing.happened': 'aWorkflow' }`,
      `send yourself an event: npx everhook start, and in another terminal npx everhook send ${name} thing.happened`,
    ],
  };
}

const key = (name: string): string => (name.includes('-') ? `'${name}'` : name);

const cloneImports = `import { randomUUID } from 'node:crypto';
import { WebhookError } from '../errors.ts';
import type { WebhookEvent } from '../event.ts';
import { at, isoTime, parseJson, requireId, scalarText, utf8 } from './json.ts';
import { developmentSecret, hmacProof, type HmacProof } from './proof.ts';
import type { Provider } from './provider.ts';
import { hmac, requireMatch, signatureInvalid, singleHeader } from './signature.ts';
`;

const projectImports = `import { randomUUID } from 'node:crypto';
import type { WebhookEvent } from 'everhook';
import {
  at,
  developmentSecret,
  hmacProof,
  hmacText as hmac,
  isoTime,
  parseJson,
  requireId,
  requireMatch,
  scalarText,
  signatureInvalid,
  singleHeader,
  utf8,
  WebhookError,
  type HmacProof,
  type Provider,
} from 'everhook/providers';
`;

const provider = (name: string, imports: string) => `${imports}
/** What its events carry, by type. */
export interface ${pascal(name)}Events {
  'thing.happened': ${pascal(name)}Thing;
}

/** The body, as far as workflows rely on it. */
export interface ${pascal(name)}Thing {
  readonly id: string;
  readonly type: string;
  readonly created_at?: string;
  readonly data?: { readonly id?: string };
}

/** An event as a workflow takes it. */
export type ${pascal(name)}Event<Type extends keyof ${pascal(name)}Events = keyof ${pascal(name)}Events> = {
  [T in Type]: WebhookEvent<T, ${pascal(name)}Events[T]>;
}[Type];

const header = 'x-${name}-signature';

/**
 * Say here where the provider documents its signature, and what that covers. As it stands: the hex HMAC-SHA256 of the
 * body, by a secret that both sides have.
 */
export const ${camel(name)} = (): Provider<${pascal(name)}Events, HmacProof> => ({
  name: '${name}',
  proof: hmacProof,

  // The bytes as they came, before anything parses them.
  verify({ headers, body }, { secrets }) {
    const given = singleHeader(headers, header);
    if (!/^[0-9a-f]{64}$/.test(given)) {
      throw signatureInvalid('signature_malformed', \`\${header} is not 64 lower-case hex digits\`);
    }
    requireMatch([given], secrets, (secret) => hmac(secret, [body]));
  },

  // Runs only after verify. The id must be the same when the provider sends the event again.
  read({ body }) {
    const payload = parseJson(utf8(body));
    const type = scalarText(at(payload, ['type']));
    if (!type) throw new WebhookError('payload_unreadable', { reason: 'field_missing', note: '/type' });
    const key = scalarText(at(payload, ['data', 'id']));
    const occurredAt = isoTime(at(payload, ['created_at']));
    return {
      events: [
        {
          id: requireId(at(payload, ['id']), '/id'),
          types: [type],
          ...(key !== undefined && { key }),
          ...(occurredAt !== undefined && { occurredAt }),
          payload,
        },
      ],
    };
  },

  // A request as the provider would send it: for tests and \`everhook send\`.
  sign({ body }, { secrets }) {
    return { 'content-type': 'application/json', [header]: hmac(secrets[0], [body]) };
  },

  keepHeaders: [header],
  samples: {
    'thing.happened': () => ({
      id: \`evt_\${randomUUID()}\`,
      type: 'thing.happened',
      created_at: new Date().toISOString(),
      data: { id: \`thing_\${randomUUID()}\` },
    }),
  },
  develop: () => developmentSecret(),
});
`;

const cloneTest = (name: string) => `import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { ${camel(name)} } from '../../src/providers/${name}.ts';
import { DeliveryHeaders, type Delivery } from '../../src/providers/provider.ts';
import { providerContract } from './contract.ts';

const bodyWith = (text: string) =>
  \`{"id":"evt_1","type":"thing.happened","created_at":"2026-11-20T12:00:00Z","data":{"id":"thing_1","note":"\${text}"}}\`;

providerContract('${name}', {
  provider: ${camel(name)}(),
  type: 'thing.happened',
  bodyWith,
  header: 'x-${name}-signature',
  freshness: 'none',
  expected: { id: 'evt_1', types: ['thing.happened'], key: 'thing_1' },
  signatureAt: () => 0,
});

const secret = 'a secret of the test';
const proof = ${camel(name)}().proof.parse({ WEBHOOK_SECRET: secret });
const delivery = (body: string, signature: string): Delivery => ({
  method: 'POST',
  url: '/webhooks/${name}',
  headers: new DeliveryHeaders([['X-${name}-Signature', signature]]),
  body: Buffer.from(body),
  receivedAt: new Date(),
});

// In its place: the vector that the provider publishes, and its own library in both directions.
test('takes what another hand has signed', () => {
  const body = bodyWith('ünïcode 🐎');
  const signature = createHmac('sha256', secret).update(body).digest('hex');
  const check = () => ${camel(name)}().verify(delivery(body, signature), proof, { now: new Date() });
  expect(check).not.toThrow();
});
`;

const projectTest = (name: string) => `import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { test } from 'node:test';
import { DeliveryHeaders, type Delivery } from 'everhook/providers';
import { ${camel(name)} } from './${name}.ts';

const secret = 'a secret of the test';
const proof = ${camel(name)}().proof.parse({ WEBHOOK_SECRET: secret });
const body = '{"id":"evt_1","type":"thing.happened","data":{"id":"thing_1"}}';
const signature = (bytes: string, by = secret) => createHmac('sha256', by).update(bytes).digest('hex');
const delivery = (bytes: string, ...signatures: readonly string[]): Delivery => ({
  method: 'POST',
  url: '/webhooks/${name}',
  headers: new DeliveryHeaders(signatures.map((value) => ['X-${name}-Signature', value] as const)),
  body: Buffer.from(bytes),
  receivedAt: new Date(),
});
const verify = async (given: Delivery) => await ${camel(name)}().verify(given, proof, { now: new Date() });

// In its place: the vector that the provider publishes, and its own library in both directions.
test('takes what another hand has signed', async () => {
  await verify(delivery(body, signature(body)));
});

test('refuses what is not signed, or otherwise, or twice', async () => {
  const refusals = [
    [delivery(body), 'signature_missing'],
    [delivery(body, 'junk'), 'signature_malformed'],
    [delivery(body, signature(body, 'another secret')), 'signature_mismatch'],
    [delivery(body.replace('thing_1', 'thing_2'), signature(body)), 'signature_mismatch'],
    [delivery(body, signature(body), signature(body)), 'signature_repeated'],
  ] as const;
  for (const [given, reason] of refusals) await assert.rejects(verify(given), { reason });
});

test('reads id, type and what it is about', () => {
  const reading = ${camel(name)}().read(delivery(body));
  assert('events' in reading);
  assert.deepEqual(
    reading.events.map(({ id, types, key }) => ({ id, types, key })),
    [{ id: 'evt_1', types: ['thing.happened'], key: 'thing_1' }],
  );
});

test('each sample is signed, taken, and has an id of its own', async () => {
  const sent = [0, 1].map(() => {
    const bytes = JSON.stringify(${camel(name)}().samples['thing.happened']!());
    return delivery(bytes, signature(bytes));
  });
  for (const one of sent) await verify(one);
  const ids = sent.map((one) => {
    const reading = ${camel(name)}().read(one);
    return 'events' in reading ? reading.events[0]?.id : undefined;
  });
  assert.notEqual(ids[0], ids[1]);
});
`;
