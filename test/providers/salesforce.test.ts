import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ConfigError, WebhookError } from '../../src/errors.ts';
import { DeliveryHeaders, type Delivery, type ReadEvent } from '../../src/providers/provider.ts';
import { eraseSession } from '../../src/providers/salesforce-session.ts';
import { salesforce } from '../../src/providers/salesforce.ts';

const fixture = (name: string): string =>
  readFileSync(new URL(`fixtures/salesforce/${name}.xml`, import.meta.url), 'utf8');
const contact = fixture('contact');
const opportunities = fixture('opportunities');
const session = /<SessionId>(.*)<\/SessionId>/.exec(contact)![1]!;

const provider = salesforce();
const names = { WEBHOOK_PATH_TOKEN: 'current-token', ORGANIZATION_ID: '00D5g000004x2MQEAY' };
const delivery = (body: string | Buffer, pathToken?: string): Delivery => ({
  method: 'POST',
  url: '/webhooks/salesforce',
  headers: new DeliveryHeaders([['content-type', 'text/xml; charset=UTF-8']]),
  body: Buffer.from(body),
  receivedAt: new Date('2026-11-20T12:00:00Z'),
  ...(pathToken !== undefined && { pathToken }),
});
const saidOf = (judge: () => unknown): string => {
  try {
    judge();
    return 'accepted';
  } catch (error) {
    if (error instanceof WebhookError) return `${error.code} ${error.reason}`;
    throw error;
  }
};
const verdict = (
  body: string | Buffer,
  pathToken: string | undefined = names.WEBHOOK_PATH_TOKEN,
  environment: Record<string, string> = names,
): string =>
  saidOf(() =>
    provider.verify(delivery(body, pathToken), provider.proof.parse(environment), { now: new Date() }),
  );
const eventsOf = (body: string | Buffer, by = provider): readonly ReadEvent[] => {
  const reading = by.read(delivery(body));
  if (!('events' in reading)) throw new Error('a handshake');
  return reading.events;
};
const readError = (body: string | Buffer): string => saidOf(() => provider.read(delivery(body)));
const changed = (from: string | RegExp, to: string, body = contact): string => {
  const result = body.replace(from, () => to);
  if (result === body) throw new Error(`nothing to change: ${from}`);
  return result;
};
const deep = (depth: number) => `${'<a>'.repeat(depth)}${'</a>'.repeat(depth)}`;

describe('the proof', () => {
  test('is the path token and the organisation', () => {
    expect(verdict(contact)).toBe('accepted');
    expect(verdict(opportunities)).toBe('accepted');
  });

  test('refuses another token, and none', () => {
    expect(verdict(contact, 'other-token-x')).toBe('signature_invalid token_mismatch');
    expect(verdict(contact, 'current-toke')).toBe('signature_invalid token_mismatch');
    expect(verdict(contact, '')).toBe('signature_invalid token_mismatch');
    expect(
      saidOf(() => provider.verify(delivery(contact), provider.proof.parse(names), { now: new Date() })),
    ).toBe('signature_invalid signature_missing');
  });

  test('takes the previous token while there is one', () => {
    const both = { ...names, WEBHOOK_PATH_TOKEN: 'new-token', WEBHOOK_PATH_TOKEN_PREVIOUS: 'current-token' };
    expect(verdict(contact, 'current-token', both)).toBe('accepted');
    expect(verdict(contact, 'new-token', both)).toBe('accepted');
    expect(verdict(contact, 'third-token', both)).toBe('signature_invalid token_mismatch');
  });

  test('nothing of the body is looked at before the token has been shown', () => {
    expect(verdict('not xml at all', 'other-token-x')).toBe('signature_invalid token_mismatch');
    expect(verdict('not xml at all')).toBe('payload_unreadable not_xml');
  });

  test.each(['00D5g000004x2MQ', '00D5g000004x2MQEAY'])('the organisation may be given as %s', (id) => {
    const environment = { ...names, ORGANIZATION_ID: id };
    expect(verdict(contact, 'current-token', environment)).toBe('accepted');
    const short = changed('00D5g000004x2MQEAY</Org', '00D5g000004x2MQ</Org');
    expect(verdict(short, 'current-token', environment)).toBe('accepted');
  });

  test.each([
    ['00D5g000004x2MREAY', 'another organisation'],
    ['00D5g000004x2mqEAY', 'one that differs in case alone'],
    ['00D5g000004x2M', 'a part of it'],
    ['00D5g000004x2MQEAY00', 'more than it'],
    ['', 'nothing'],
  ])('refuses %s: %s', (id) => {
    expect(verdict(changed('00D5g000004x2MQEAY</Org', `${id}</Org`))).toBe(
      'signature_invalid token_mismatch',
    );
  });

  test('refuses a message without an organisation, and one with two', () => {
    const element = '<OrganizationId>00D5g000004x2MQEAY</OrganizationId>';
    expect(verdict(changed(element, ''))).toBe('signature_invalid signature_missing');
    expect(verdict(changed(element, element + element))).toBe('signature_invalid signature_repeated');
    expect(
      verdict(changed(element, '<o:OrganizationId xmlns:o="urn:x">00D5g000004x2MQ</o:OrganizationId>')),
    ).toBe('signature_invalid signature_missing');
  });

  test.each([
    {},
    { WEBHOOK_PATH_TOKEN: 'token' },
    { ORGANIZATION_ID: names.ORGANIZATION_ID },
    { ...names, WEBHOOK_PATH_TOKEN: '' },
    { ...names, ORGANIZATION_ID: '' },
    { ...names, ORGANIZATION_ID: '00D5g000004x2MQE' },
    { ...names, ORGANIZATION_ID: '00D5g000004x2MQEAY,00D5g000004x2MREAY' },
  ])('is none with %j', (environment) => {
    expect(provider.proof.safeParse(environment).success).toBe(false);
  });

  test("its sender's URL ends with the current token", () => {
    const both = { ...names, WEBHOOK_PATH_TOKEN_PREVIOUS: 'old' };
    expect(provider.pathToken?.(provider.proof.parse(both))).toBe('current-token');
  });
});

describe('reading', () => {
  test('a notification is an event with the fields of its record', () => {
    expect(eventsOf(contact)).toEqual([
      {
        id: '04l5g00000ABCdeAAH',
        types: ['Contact'],
        key: '0035g00000FGHijAAN',
        payload: {
          Id: '0035g00000FGHijAAN',
          Active__c: '1.0',
          Birthdate: '1978-01-01',
          Description: 'Prefers mail & letters.\nSecond line: žluťoučký 🐎',
          DoNotCall: 'false',
          Email: 'jenny.rosen@example.com',
          FirstName: 'Jenny',
          LastModifiedDate: '2026-11-20T10:00:00.000Z',
          LastName: 'Rosen',
          Phone: null,
          ActionId: '04k5g000000XyZaAAK',
          OrganizationId: '00D5g000004x2MQEAY',
          EnterpriseUrl: 'https://everhook.my.salesforce.example/services/Soap/c/62.0/00D5g000004x2MQ',
          PartnerUrl: 'https://everhook.my.salesforce.example/services/Soap/u/62.0/00D5g000004x2MQ',
        },
        sameness: {
          type: 'Contact',
          key: '0035g00000FGHijAAN',
          action: '04k5g000000XyZaAAK',
          organization: '00D5g000004x2MQEAY',
        },
        labels: { action: '04k5g000000XyZaAAK', organization: '00D5g000004x2MQEAY' },
      },
    ]);
  });

  test('several notifications are as many events, whatever their prefixes', () => {
    expect(eventsOf(opportunities)).toMatchObject([
      {
        id: '04l5g00000AAAAAAA4',
        types: ['Opportunity'],
        key: '0065g00000AAAAAAA4',
        payload: { Name: 'Seats <200> & more', StageName: '' },
      },
      { id: '04l5g00000BBBBBAA4', key: '0065g00000BBBBBAA4', payload: { StageName: 'Closed Won' } },
    ]);
  });

  test('a hundred notifications are read, and not one more', () => {
    const [, one = ''] = /( {3}<Notification>.*<\/Notification>)/s.exec(contact)!;
    const many = (count: number) =>
      changed(
        one,
        Array.from({ length: count }, (_, at) => one.replace('ABCdeAAH', String(at).padStart(8, '0'))).join(
          '\n',
        ),
      );
    const ids = eventsOf(many(100)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(100);
    expect(readError(many(101))).toBe('payload_unreadable field_malformed');
    expect(readError(changed(one, ''))).toBe('payload_unreadable field_missing');
  });

  test('a record that changed before its notification was sent again is the same event', () => {
    const again = changed('>Jenny<', '>Jennifer<').replace(session, '');
    expect(eventsOf(again)[0]?.sameness).toEqual(eventsOf(contact)[0]?.sameness);
  });

  test('an event has the time of the field that was chosen, and else none', () => {
    const timed = salesforce({ occurredAt: 'LastModifiedDate' });
    expect(eventsOf(contact, timed)[0]?.occurredAt).toBe('2026-11-20T10:00:00.000Z');
    expect(eventsOf(opportunities, timed)[0]).not.toHaveProperty('occurredAt');
    expect(eventsOf(changed('2026-11-20T10:00:00.000Z', 'soon'), timed)[0]).not.toHaveProperty('occurredAt');
    expect(eventsOf(contact)[0]).not.toHaveProperty('occurredAt');
  });

  test.each(['04k5g000000XyZa', '04k5g000000XyZaAAK'])('the outbound message %s may have a name', (id) => {
    const named = salesforce({ actions: { [id]: 'welcome' } });
    expect(eventsOf(contact, named)[0]?.types).toEqual(['Contact.welcome', 'Contact']);
    expect(eventsOf(opportunities, named)[0]?.types).toEqual(['Opportunity']);
  });

  test('names are for ids of outbound messages', () => {
    expect(() => salesforce({ actions: { welcome: 'welcome' } })).toThrow(ConfigError);
  });

  test('a prefix that is declared further out counts', () => {
    const outside = changed(' xmlns:sf="urn:sobject.enterprise.soap.sforce.com"', '').replace(
      '<soapenv:Body>',
      '<soapenv:Body xmlns:sf="urn:sobject.enterprise.soap.sforce.com">',
    );
    expect(eventsOf(outside)[0]?.types).toEqual(['Contact']);
  });

  test('fields called like what every object has are fields like others', () => {
    const odd = changed(
      '<sf:Active__c>1.0</sf:Active__c>',
      '<sf:__proto__>x</sf:__proto__><sf:constructor/>',
    );
    const payload = eventsOf(odd)[0]?.payload as object;
    expect(Object.getPrototypeOf(payload)).toBe(Object.prototype);
    expect(Object.getOwnPropertyDescriptor(payload, '__proto__')?.value).toBe('x');
    expect(payload).toMatchObject({ constructor: '' });
  });

  test('compound fields keep their parts', () => {
    const compound = changed(
      '<sf:Active__c>1.0</sf:Active__c>',
      '<sf:MailingAddress><sf:city>Berlin</sf:city><sf:state xsi:nil="1"/></sf:MailingAddress>',
    );
    expect(eventsOf(compound)[0]?.payload).toMatchObject({ MailingAddress: { city: 'Berlin', state: null } });
  });

  test.each<[string, string, string]>([
    [
      'no Id of the notification',
      changed('<Id>04l5g00000ABCdeAAH</Id>', ''),
      'event_id_missing field_missing',
    ],
    ['an empty Id', changed('<Id>04l5g00000ABCdeAAH</Id>', '<Id/>'), 'event_id_missing field_missing'],
    [
      'a null Id',
      changed('<Id>04l5g00000ABCdeAAH</Id>', '<Id xsi:nil="true"/>'),
      'event_id_missing field_missing',
    ],
    [
      'two Ids',
      changed('<Id>04l5g00000ABCdeAAH</Id>', '<Id>04l5g00000ABCdeAAH</Id><Id>04l5g00000ABCdfAAH</Id>'),
      'payload_unreadable field_repeated',
    ],
    ['no record', changed(/<sObject.*<\/sObject>/s, ''), 'payload_unreadable field_missing'],
    ['no type', changed(' xsi:type="sf:Contact"', ''), 'payload_unreadable field_missing'],
    [
      'a type without a namespace',
      changed('"sf:Contact"', '"Contact"'),
      'payload_unreadable field_malformed',
    ],
    [
      'a prefix that nothing declares',
      changed('"sf:Contact"', '"zz:Contact"'),
      'payload_unreadable field_malformed',
    ],
    [
      'a type of another namespace',
      changed('urn:sobject.enterprise.soap.sforce.com', 'urn:example'),
      'payload_unreadable field_malformed',
    ],
    [
      'a field twice',
      changed('<sf:DoNotCall>', '<sf:Email/><sf:DoNotCall>'),
      'payload_unreadable field_repeated',
    ],
    [
      'another message',
      changed(/notifications/g, 'notificationsResponse'),
      'payload_unreadable field_missing',
    ],
    [
      'another namespace',
      changed('http://soap.sforce.com/2005/09/outbound', 'urn:example'),
      'payload_unreadable field_missing',
    ],
    [
      'another envelope',
      changed('http://schemas.xmlsoap.org/soap/envelope/', 'http://www.w3.org/2003/05/soap-envelope'),
      'payload_unreadable field_missing',
    ],
  ])('refuses %s', (_name, body, said) => {
    expect(readError(body)).toBe(said);
  });
});

describe('what is no XML of ours', () => {
  const first = (text: string) => changed('<soapenv:Envelope', `${text}<soapenv:Envelope`);
  const field = (text: string) => changed('>Jenny<', `>${text}<`);

  test.each<[string, string | Buffer, string]>([
    ['nothing', '', 'not_xml'],
    ['JSON', '{"OrganizationId":"00D5g000004x2MQEAY"}', 'not_xml'],
    ['a cut message', contact.slice(0, -20), 'not_xml'],
    ['tags that do not match', changed('</sf:FirstName>', '</sf:LastName>'), 'not_xml'],
    ['a document type', first('<!DOCTYPE soapenv:Envelope>'), 'not_xml'],
    ['one in lower case', first('<!doctype x>'), 'not_xml'],
    [
      'an external entity',
      field('&x;').replace(
        '<soapenv:E',
        '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/hostname">]><soapenv:E',
      ),
      'not_xml',
    ],
    [
      'entities that multiply',
      first('<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'),
      'not_xml',
    ],
    ['a document type within', field('<!DOCTYPE x>'), 'not_xml'],
    ['an entity that nobody declared', field('&nbsp;'), 'not_xml'],
    ['an & by itself', field('Tom & Jenny'), 'not_xml'],
    ['a processing instruction', first('<?xml-stylesheet href="x"?>'), 'not_xml'],
    ['a declaration in the middle', field('<?xml version="1.0"?>'), 'not_xml'],
    ['a prefix that nothing declares', field('<zz:b/>'), 'not_xml'],
    ['an attribute twice', changed('xsi:nil="true"', 'xsi:nil="true" xsi:nil="true"'), 'not_xml'],
    ['an attribute without quotes', changed('xsi:nil="true"', 'xsi:nil=true'), 'not_xml'],
    ['two roots', `${contact}<a/>`, 'not_xml'],
    ['text behind the root', `${contact}x`, 'not_xml'],
    ['CDATA behind the root', `${contact.trimEnd()}<![CDATA[x]]>`, 'not_xml'],
    ['a NUL', field('\0'), 'not_xml'],
    ['a NUL by reference', field('&#0;'), 'not_xml'],
    ['half of a surrogate pair by reference', field('&#xD83D;'), 'not_xml'],
    ['a comment that does not end', field('<!-- '), 'not_xml'],
    ['CDATA that does not end', field('<![CDATA['), 'not_xml'],
    ['another encoding, by its declaration', changed('encoding="UTF-8"', 'encoding="ISO-8859-1"'), 'not_xml'],
    ['UTF-16', Buffer.from(`\ufeff${contact}`, 'utf16le'), 'not_utf8'],
    ['UTF-16 without a mark', Buffer.from('<a/>', 'utf16le'), 'not_xml'],
    ['bytes that are not UTF-8', Buffer.from(field('\xff\xfe'), 'latin1'), 'not_utf8'],
    ['200,000 elements in each other', field(deep(200_000)), 'too_deep'],
    ['a hundred thousand that are not closed', field('<a>'.repeat(100_000)), 'too_deep'],
  ])('is refused: %s', (_name, body, reason) => {
    expect(verdict(body)).toBe(`payload_unreadable ${reason}`);
    expect(readError(body)).toBe(`payload_unreadable ${reason}`);
  });

  test('its refusal quotes nothing of it', () => {
    for (const body of [
      `${contact}${session}`,
      changed('</SessionId>', ''),
      changed('>Jenny<', `&${session};`),
    ]) {
      try {
        provider.read(delivery(body));
        expect.unreachable();
      } catch (error) {
        expect(`${(error as Error).message} ${String((error as Error).cause)}`).not.toContain('AQ0AQ');
      }
    }
  });

  test('what XML allows is taken: a byte-order mark, comments, references, a replacement character', () => {
    expect(verdict(`\ufeff${contact}`)).toBe('accepted');
    expect(eventsOf(`\ufeff${contact}`)).toEqual(eventsOf(contact));
    expect(eventsOf(changed('>Jenny<', '>J<!-- e -->&#101;n&#x6e;y<'))).toEqual(eventsOf(contact));
    expect(eventsOf(changed('>Jenny<', '>\ufffd\u2028\u0085<'))[0]?.payload).toMatchObject({
      FirstName: '\ufffd\u2028\u0085',
    });
    expect(eventsOf(contact.replaceAll('\n', '\r\n'))).toEqual(eventsOf(contact));
  });

  test('garbage is refused, and nothing else happens', () => {
    const pieces = [
      '<',
      '>',
      '</',
      '/>',
      '<!--',
      '-->',
      '<![CDATA[',
      ']]>',
      '<!DOCTYPE',
      '&',
      ';',
      '="',
      "'",
      'SessionId',
      '<a>',
      '</a>',
      session,
    ];
    const garbage = fc.array(fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: 'binary' })));
    fc.assert(
      fc.property(garbage, fc.nat(contact.length), (parts, at) => {
        const body = contact.slice(0, at) + parts.join('') + contact.slice(at);
        for (const text of [parts.join(''), body]) {
          expect(verdict(text)).toBeTypeOf('string');
          expect(readError(text)).toBeTypeOf('string');
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the session', () => {
  const erased = (body: string | Buffer): string => eraseSession(Buffer.from(body)).toString();
  const element = `<SessionId>${session}</SessionId>`;

  test('is erased, and every other byte stays as it came', () => {
    expect(erased(contact)).toBe(contact.replace(session, ''));
    const crlf = `\ufeff${contact.replaceAll('\n', '\r\n')}\r\n`;
    expect(erased(crlf)).toBe(crlf.replace(session, ''));
  });

  test('is read by nobody', () => {
    for (const body of [contact, erased(contact)]) {
      expect(JSON.stringify(eventsOf(body))).not.toMatch(/session|AQ0AQ/i);
    }
    expect(eventsOf(erased(contact))).toEqual(eventsOf(contact));
  });

  test('where there is none, the very same bytes are given back', () => {
    for (const text of [opportunities, erased(contact), '']) {
      const body = Buffer.from(text);
      expect(eraseSession(body)).toBe(body);
    }
  });

  test('what only sounds like it stays: a field of that name with more behind it, and talk of it', () => {
    const talk = changed(
      '>Jenny<',
      '>My SessionId: expired!</sf:FirstName><sf:SessionId__c>42</sf:SessionId__c><sf:Nick__c><![CDATA[<SessionIdea>]]><',
    ).replace('</sf:FirstName>\n     <sf:LastM', '</sf:Nick__c>\n     <sf:LastM');
    expect(erased(talk)).toBe(talk.replace(session, ''));
  });

  test.each<[string, string]>([
    [
      'under a prefix',
      `<o:SessionId xmlns:o="http://soap.sforce.com/2005/09/outbound">${session}</o:SessionId>`,
    ],
    ['in another namespace', `<SessionId xmlns="urn:x">${session}</SessionId>`],
    ['in other letters', `<sessionID>${session}</sessionID>`],
    ['with blanks in its tags', `<SessionId\n xmlns:a="b"\t>${session}</SessionId \n>`],
    ['in CDATA', `<SessionId><![CDATA[${session}]]></SessionId>`],
    ['in CDATA with its own end tag', `<SessionId><![CDATA[</SessionId>${session}]]></SessionId>`],
    ['behind a comment with its end tag', `<SessionId><!--</SessionId>-->${session}</SessionId>`],
    [
      'behind an attribute with its end tag',
      `<SessionId a="</SessionId>">${session}</SessionId>`.replace('</S', '&lt;/S'),
    ],
    ['behind an attribute with a >', `<SessionId xmlns:a=">">${session}</SessionId>`],
    ['in an element within', `<SessionId><b>${session}</b></SessionId>`],
    ['in one of its own within', `<SessionId>a<SessionId>b</SessionId>${session}</SessionId>`],
    ['in an attribute of it', `<SessionId value="${session}"/>`],
    ['in an attribute of that name', `<Other a="1" x:SessionId='${session}' xmlns:x="urn:x"/>`],
    ['in a comment', `<!-- ${element} -->`],
    ['several times', `${element}<x>${element}</x>${element}`],
    ['escaped, in a text', `<x>&lt;SessionId&gt;${session}&lt;/SessionId&gt;</x>`],
    ['as markup, in CDATA', `<x><![CDATA[<n:SessionId>${session}</n:SessionId>]]></x>`],
    [
      'in letters of its own',
      element.replace(
        session,
        Array.from(session)
          .map((c) => `&#${c.charCodeAt(0)};`)
          .join(''),
      ),
    ],
    [
      'in a field made of it',
      `<sf:Link__c xmlns:sf="urn:x">https://x.example/?sid=${session}&amp;a=1</sf:Link__c>`,
    ],
    ['in one that escapes it', `<sf:Link__c xmlns:sf="urn:x">${session.replace('!', '%21')}</sf:Link__c>`],
  ])('is erased %s', (_name, instead) => {
    const body = changed(element, instead);
    const left = erased(body);
    expect(left).not.toContain('NotASession');
    expect(left).not.toContain('&#78;&#111;&#116;');
    expect(readError(left)).toBe('accepted');
    expect(eventsOf(left)[0]?.id).toBe('04l5g00000ABCdeAAH');
    expect(eraseSession(Buffer.from(left)).toString()).toBe(left);
  });

  test('is no longer in what follows text that is not ASCII', () => {
    const body = changed('<OrganizationId>', '<!-- žluťoučký --><x>à🐎</x><OrganizationId>');
    expect(erased(body)).toBe(body.replace(session, '').replace(' žluťoučký ', ''));
  });

  test.each<[string, string | Buffer]>([
    ['JSON', `{"SessionId":"${session}"}`],
    ['a cut message', contact.slice(0, -1 - '</soapenv:Envelope>'.length)],
    ['one cut within the session', contact.slice(0, contact.indexOf(session) + 40)],
    ['a tag that is not closed', changed('</SessionId>', '')],
    ['a document type', changed('<soapenv:Env', '<!DOCTYPE x><soapenv:Env')],
    ['an entity in its place', changed(element, '<SessionId>&s;</SessionId>')],
    ['UTF-16, big end first', Buffer.from(`\ufeff${contact}`, 'utf16le').swap16()],
    ['UTF-16, little end first', Buffer.from(`\ufeff${contact}`, 'utf16le')],
    ['UTF-16 without a mark', Buffer.from(`<SessionId>${session}</SessionId>`, 'utf16le')],
    ['UTF-7, by its declaration', changed('encoding="UTF-8"', 'encoding="UTF-7"')],
    ['bytes that are not UTF-8', Buffer.from(changed('>Jenny<', '>\xff<'), 'latin1')],
    ['a session in the declaration', changed('version="1.0"', `version="1.0" SessionId="${session}"`)],
    ['a processing instruction', changed(element, `<?SessionId ${session}?>`)],
    ['too deep to follow', changed(element, deep(100_000))],
  ])('throws where nobody can tell: %s', (_name, body) => {
    expect(() => eraseSession(Buffer.from(body))).toThrow(WebhookError);
  });

  test('never survives, wherever it is put', () => {
    const around = [
      '<a>',
      '</a>',
      '<SessionId>',
      '</SessionId>',
      '<![CDATA[',
      ']]>',
      '<!--',
      '-->',
      '<a b="',
      '"/>',
      '&lt;',
      'x',
      '\0',
      '\xff',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...around)),
        fc.array(fc.constantFrom(...around)),
        fc.nat(contact.length),
        fc.constantFrom<BufferEncoding>('utf8', 'latin1', 'utf16le'),
        (before, after, at, encoding) => {
          const put = before.join('') + session + after.join('');
          const body = Buffer.from(contact.slice(0, at) + put + contact.slice(at), encoding);
          let left: Buffer;
          try {
            left = eraseSession(body);
          } catch {
            return;
          }
          expect(left.toString('latin1').replaceAll('\0', '')).not.toContain('NotASession');
        },
      ),
      { numRuns: 1000 },
    );
  });
});

describe('a sender', () => {
  test('every sample is accepted, read under its type, and has an id of its own', () => {
    const proof = provider.proof.parse(provider.develop?.());
    for (const [type, sample] of Object.entries(provider.samples as Record<string, () => string>)) {
      const [one, other] = [sample(), sample()];
      const url = 'https://hooks.example.com/webhooks/salesforce';
      const headers = provider.sign({ method: 'POST', url, body: Buffer.from(one), type }, proof, new Date());
      expect(headers['content-type']).toMatch(/^text\/xml/);
      expect(
        saidOf(() => provider.verify(delivery(one, provider.pathToken?.(proof)), proof, { now: new Date() })),
      ).toBe('accepted');
      const [event] = eventsOf(one);
      expect(event?.types).toEqual([type]);
      expect(event?.id).toMatch(/^04l[A-Za-z0-9]{15}$/);
      expect(event?.id).not.toBe(eventsOf(other)[0]?.id);
      expect(eraseSession(Buffer.from(one)).toString()).toBe(one);
    }
  });
});
