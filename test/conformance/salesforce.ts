import type { Captured } from '../../src/judge/captured.ts';
import { salesforce } from '../../src/providers/salesforce.ts';
import type { ConformanceSuite } from './conformance.ts';
import { signed, withBody } from './requests.ts';

const provider = salesforce();
const now = new Date('2026-11-20T12:00:00Z');
const environment = { WEBHOOK_PATH_TOKEN: 'path-token', ORGANIZATION_ID: '00D5g000004x2MQEAY' };
const record = (at: number, text: string) =>
  `<Notification><Id>04l5g00000ABCd${at}AAH</Id><sObject xsi:type="sf:Contact" xmlns:sf="urn:sobject.enterprise.soap.sforce.com"><sf:Id>0035g00000FGHijAAN</sf:Id><sf:FirstName>${text}</sf:FirstName></sObject></Notification>`;
const message = (notifications: string, organization = '00D5g000004x2MQEAY') =>
  `<?xml version="1.0" encoding="UTF-8"?><soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>${organization}</OrganizationId><ActionId>04k5g000000XyZaAAK</ActionId><SessionId xsi:nil="true"/><EnterpriseUrl>https://everhook.my.salesforce.example</EnterpriseUrl><PartnerUrl>https://everhook.my.salesforce.example</PartnerUrl>${notifications}</notifications></soapenv:Body></soapenv:Envelope>`;
const bodyWith = (text: string) => message(record(1, text));
const request = (body: string | Buffer, url = '/webhooks/salesforce/path-token'): Captured =>
  signed(provider, environment, { body, type: 'Contact', at: now, url });
const read = { ids: ['04l5g00000ABCd1AAH'], types: ['Contact'] };

/** developer.salesforce.com, SOAP API guide: "Understanding Notifications". Nothing is signed. */
export function salesforceSuite(): ConformanceSuite {
  const base = request(bodyWith('plain'));
  const unsigned = 'nothing is signed: who knows the URL and the organisation can say anything';
  return {
    name: 'salesforce',
    provider,
    environment,
    now,
    base,
    covers: { body: false, headers: [] },
    cases: [
      {
        kind: 'forged',
        title: 'another token in the path',
        request: request(bodyWith('plain'), '/webhooks/salesforce/other-toke'),
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'no token in the path',
        request: request(bodyWith('plain'), '/webhooks/salesforce'),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'forged',
        title: 'another organisation: a sandbox that was copied with its outbound messages',
        request: request(message(record(1, 'plain'), '00D5g000004x2MREAY')),
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'an organisation whose id differs in case alone',
        request: request(message(record(1, 'plain'), '00D5g000004x2mqEAY')),
        expect: { refused: 'token_mismatch' },
      },
      {
        kind: 'forged',
        title: 'a document type with entities, by who knows the URL',
        request: request(
          bodyWith('&x;').replace(
            '<soapenv:Env',
            '<!DOCTYPE x [<!ENTITY x SYSTEM "file:///x">]><soapenv:Env',
          ),
        ),
        expect: { refused: 'not_xml' },
      },
      {
        kind: 'forged',
        title: 'ten thousand elements in each other',
        request: request(bodyWith('<a>'.repeat(10_000) + '</a>'.repeat(10_000))),
        expect: { refused: 'too_deep' },
      },
      {
        kind: 'truncated',
        title: 'the last byte of the body is missing',
        request: withBody(base, base.body.subarray(0, -1)),
        expect: { refused: 'not_xml' },
      },
      {
        kind: 'unicode',
        title: 'žluťoučký 🐎 in a field',
        request: request(bodyWith('žluťoučký 🐎')),
        expect: read,
      },
      {
        kind: 'invalid UTF-8',
        title: 'bytes FF FE in a field',
        request: request(Buffer.from(bodyWith('\xff\xfe'), 'latin1')),
        expect: { refused: 'not_utf8' },
      },
      {
        kind: 'rotated proof',
        title: 'the previous token in the path',
        request: base,
        environment: {
          ...environment,
          WEBHOOK_PATH_TOKEN: 'new-token',
          WEBHOOK_PATH_TOKEN_PREVIOUS: 'path-token',
        },
        expect: read,
      },
      {
        kind: 'rotated proof',
        title: 'the organisation by its 15 characters',
        request: base,
        environment: { ...environment, ORGANIZATION_ID: '00D5g000004x2MQ' },
        expect: read,
      },
      {
        kind: 'downgrade',
        title: 'the right organisation alone',
        request: request(bodyWith('plain'), '/webhooks/salesforce'),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'downgrade',
        title: 'the right token alone',
        request: request(
          bodyWith('plain').replace('<OrganizationId>00D5g000004x2MQEAY</OrganizationId>', ''),
        ),
        expect: { refused: 'signature_missing' },
      },
      {
        kind: 'replay under another id',
        title: 'sent again after the record has changed: the same id',
        request: request(bodyWith('changed')),
        expect: read,
      },
    ],
    without: {
      'published vector': unsigned,
      'official signer': unsigned,
      stale: 'a message carries no time',
      future: 'a message carries no time',
      'repeated header': 'no header is looked at',
      'wrong algorithm': unsigned,
      handshake: 'Salesforce asks nothing before it sends',
    },
  };
}
