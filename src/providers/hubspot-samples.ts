import { randomInt } from 'node:crypto';

/** Batches of one event each, as HubSpot sends them. */
export const hubspotSamples = {
  'contact.creation': () => batch('contact.creation', { changeFlag: 'CREATED' }),
  'contact.propertyChange': () =>
    batch('contact.propertyChange', { propertyName: 'email', propertyValue: 'jenny.rosen@example.com' }),
  'contact.deletion': () => batch('contact.deletion', { changeFlag: 'DELETED' }),
  'contact.privacyDeletion': () => batch('contact.privacyDeletion', { changeFlag: 'DELETED' }),
  'contact.merge': () => {
    const primaryObjectId = serial();
    return batch('contact.merge', {
      objectId: primaryObjectId,
      changeFlag: 'MERGED',
      primaryObjectId,
      mergedObjectIds: [serial()],
      newObjectId: serial(),
      numberOfPropertiesMoved: 3,
    });
  },
  'contact.associationChange': () => {
    const [{ objectId: _one, ...event }] = batch('contact.associationChange', {});
    return [
      {
        ...event,
        associationType: 'CONTACT_TO_COMPANY',
        fromObjectId: serial(),
        toObjectId: serial(),
        associationRemoved: false,
        isPrimaryAssociation: true,
      },
    ];
  },
  'company.creation': () => batch('company.creation', { changeFlag: 'CREATED' }),
  'company.propertyChange': () =>
    batch('company.propertyChange', { propertyName: 'name', propertyValue: 'Müller & Söhne' }),
  'deal.creation': () => batch('deal.creation', { changeFlag: 'CREATED' }),
  'deal.propertyChange': () =>
    batch('deal.propertyChange', { propertyName: 'dealstage', propertyValue: 'closedwon' }),
  'ticket.creation': () => batch('ticket.creation', { changeFlag: 'CREATED' }),
  'conversation.newMessage': () =>
    batch('conversation.newMessage', {
      messageId: `conversation-message-${serial()}`,
      messageType: 'MESSAGE',
      changeFlag: 'NEW_MESSAGE',
    }),
  'object.propertyChange': () =>
    batch('object.propertyChange', {
      objectTypeId: '0-3',
      propertyName: 'amount',
      propertyValue: '4200',
      isSensitive: false,
    }),
};

const serial = (): number => randomInt(1_000_000_000, 9_999_999_999);

const batch = (subscriptionType: string, more: Readonly<Record<string, unknown>>) =>
  [
    {
      appId: 1_160_452,
      eventId: serial(),
      subscriptionId: 3_442_836,
      portalId: 62_515,
      occurredAt: Date.now(),
      subscriptionType,
      attemptNumber: 0,
      objectId: serial(),
      changeSource: 'CRM_UI',
      sourceId: 'userId:12345678',
      ...more,
    },
  ] as const;
