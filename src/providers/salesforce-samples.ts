import { randomInt } from 'node:crypto';

/** The organisation of the samples, which development takes for its own. */
export const sampleOrganizationId = withChecksum('00D5g000004x2MQ');
const sampleActionId = withChecksum('04k5g000000XyZa');

/** Messages of one notification each, as Salesforce sends them, by the type of their record. */
export const salesforceSamples = {
  Contact: () =>
    message('Contact', '003', {
      AccountId: id('001'),
      Email: 'jenny.rosen@example.com',
      FirstName: 'Jenny',
      LastName: 'Rosen',
      Phone: '+49 30 5550100',
      MobilePhone: null,
    }),
  Account: () =>
    message('Account', '001', {
      AnnualRevenue: '1500000.0',
      Industry: 'Manufacturing',
      Name: 'Müller & Söhne <Berlin>',
      Phone: '+49 30 5550101',
      Website: 'https://www.example.com',
    }),
  Lead: () =>
    message('Lead', '00Q', {
      Company: 'Example GmbH',
      Email: 'jenny.rosen@example.com',
      FirstName: 'Jenny',
      IsConverted: 'false',
      LastName: 'Rosen',
      LeadSource: 'Web',
      Status: 'Open - Not Contacted',
    }),
  Opportunity: () =>
    message('Opportunity', '006', {
      AccountId: id('001'),
      Amount: '42000.0',
      CloseDate: '2026-12-31',
      IsClosed: 'true',
      IsWon: 'true',
      Name: 'Example GmbH, 200 seats',
      Probability: '100.0',
      StageName: 'Closed Won',
    }),
  Case: () =>
    message('Case', '500', {
      CaseNumber: '00001026',
      ContactId: id('003'),
      Description: 'It stopped at 3 °C.\nSince then: "E42".',
      Origin: 'Email',
      Priority: 'High',
      Status: 'New',
      Subject: 'The pump does not start',
    }),
  Task: () =>
    message('Task', '00T', {
      ActivityDate: '2026-11-27',
      IsClosed: 'false',
      Priority: 'Normal',
      Status: 'Not Started',
      Subject: 'Call back',
      WhoId: id('003'),
    }),
  Campaign: () =>
    message('Campaign', '701', { IsActive: 'true', Name: 'Spring fair', Status: 'Planned', Type: 'Event' }),
  Contract: () =>
    message('Contract', '800', {
      AccountId: id('001'),
      ContractNumber: '00000100',
      ContractTerm: '12',
      StartDate: '2026-12-01',
      Status: 'Activated',
    }),
  Order: () =>
    message('Order', '801', {
      AccountId: id('001'),
      EffectiveDate: '2026-11-20',
      OrderNumber: '00000101',
      Status: 'Activated',
      TotalAmount: '129.9',
    }),
  Invoice__c: () =>
    message('Invoice__c', 'a0X', { Amount__c: '129.9', Contact__c: id('003'), Paid__c: 'false' }),
};

function message(type: string, prefix: string, fields: Readonly<Record<string, string | null>>): string {
  const organization = sampleOrganizationId;
  const host = 'https://everhook.my.salesforce.example/services/Soap';
  const lines = Object.entries({
    Id: id(prefix),
    ...fields,
    LastModifiedDate: new Date().toISOString(),
  }).map(([name, value]) =>
    value === null ? `     <sf:${name} xsi:nil="true"/>` : `     <sf:${name}>${escaped(value)}</sf:${name}>`,
  );
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">',
    ' <soapenv:Body>',
    '  <notifications xmlns="http://soap.sforce.com/2005/09/outbound">',
    `   <OrganizationId>${organization}</OrganizationId>`,
    `   <ActionId>${sampleActionId}</ActionId>`,
    '   <SessionId xsi:nil="true"/>',
    `   <EnterpriseUrl>${host}/c/62.0/${organization.slice(0, 15)}</EnterpriseUrl>`,
    `   <PartnerUrl>${host}/u/62.0/${organization.slice(0, 15)}</PartnerUrl>`,
    '   <Notification>',
    `    <Id>${id('04l')}</Id>`,
    `    <sObject xsi:type="sf:${type}" xmlns:sf="urn:sobject.enterprise.soap.sforce.com">`,
    ...lines,
    '    </sObject>',
    '   </Notification>',
    '  </notifications>',
    ' </soapenv:Body>',
    '</soapenv:Envelope>',
  ].join('\n');
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** An id of 18 characters: what kind of record it is of, and a serial number. */
function id(prefix: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  const serial = Array.from({ length: 8 }, () => alphabet[randomInt(alphabet.length)]).join('');
  return withChecksum(`${prefix}5g00${serial}`);
}

/** Three characters more, each of which says which of five are capitals. */
function withChecksum(id: string): string {
  const checksum = [0, 5, 10].map((at) => {
    const bits = [0, 1, 2, 3, 4].map((bit) => (/[A-Z]/.test(id[at + bit] ?? '') ? 1 << bit : 0));
    return 'ABCDEFGHIJKLMNOPQRSTUVWXYZ012345'[bits.reduce((sum, bit) => sum + bit, 0)];
  });
  return id + checksum.join('');
}
