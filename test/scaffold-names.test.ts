import { expect, test } from 'vitest';
import { providerScaffold } from '../src/cli/new-provider.ts';
import { workflowScaffold } from '../src/cli/new-workflow.ts';
import { camel, pascal, requireFree, requireName, type Place } from '../src/cli/scaffold.ts';

test.each([
  ['Acme', /names are lower-case letters, digits and -, a letter first: try acme$/],
  ['acmePay', /try acme-pay$/],
  ['../acme', /try acme$/],
  ['acme pay', /try acme-pay$/],
  ['1st', /a letter first$/],
  ['', /a letter first$/],
  ['everhook', /nothing may be called everhook/],
  ['temporal', /nothing may be called temporal/],
  ['delete', /cannot be called delete/],
  ['default', /cannot be called default/],
  ['a'.repeat(41), /40 characters at most/],
])('the name %j is refused', (name, message) => {
  expect(() => requireName(name)).toThrow(message);
});

test.each([
  ['x', 'x', 'X'],
  ['acme-pay', 'acmePay', 'AcmePay'],
  ['a--b-', 'aB', 'AB'],
  ['web-3', 'web3', 'Web3'],
])('%s is the function %s and the type %s', (name, value, type) => {
  expect(() => requireName(name)).not.toThrow();
  expect([camel(name), pascal(name)]).toEqual([value, type]);
});

const places: readonly Place[] = [
  { kind: 'clone', folder: '/nowhere', base: 'src/' },
  { kind: 'project', folder: '/nowhere', base: '' },
];

test.each(['webhook', 'body', 'provider', 'delivery', 'parse-json', 'secret'])(
  'a provider called %s would hide what its files use',
  (name) => {
    for (const place of places) {
      if (name === 'provider' && place.kind === 'project') continue;
      expect(() => requireFree(name, providerScaffold('placeholder', place))).toThrow(/something else/);
    }
  },
);

test('a workflow called test would hide what its files use, and other names are free', () => {
  for (const place of places) {
    const made = workflowScaffold('placeholder', place);
    expect(() => requireFree('test', made)).toThrow(/something else/);
    expect(() => requireFree('ship-order', made)).not.toThrow();
    expect(() => requireFree('acme-pay', providerScaffold('placeholder', place))).not.toThrow();
  }
});
