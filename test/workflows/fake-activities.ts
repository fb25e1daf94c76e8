import { vi, type Mock } from 'vitest';
import type { Activities } from '../../src/activities/index.ts';

type Fakes = { [Name in keyof Activities]: Mock<Activities[Name]> };

/** Activities that answer as on a good day, and can be told otherwise. */
export const fakeActivities = (): Fakes => ({
  readPayment: vi.fn<Activities['readPayment']>(async () => ({ reRead: false })),
  postPayment: vi.fn<Activities['postPayment']>(async ({ event }) => ({
    entryId: 'entry-1',
    alreadyPosted: false,
    postedBy: `${event.source}:${event.id}`,
  })),
  findPayment: vi.fn<Activities['findPayment']>(async () => null),
  openIncident: vi.fn<Activities['openIncident']>(async ({ event, at }) => ({
    incidentId: 'incident-1',
    openedBy: `${event.source}:${event.id}`,
    openedAt: at,
    alreadyOpen: false,
  })),
  findIncident: vi.fn<Activities['findIncident']>(async () => null),
  addToIncident: vi.fn<Activities['addToIncident']>(async () => ({ alreadyAdded: false })),
  closeIncident: vi.fn<Activities['closeIncident']>(async () => ({ alreadyClosed: false })),
  sendMail: vi.fn<Activities['sendMail']>(async () => ({ outcome: 'sent' })),
  fetchMirror: vi.fn<Activities['fetchMirror']>(async () => ({ objects: 3 })),
  writeContact: vi.fn<Activities['writeContact']>(async ({ event, fields }) => ({
    contactId: 'contact-1',
    createdBy: `${event.source}:${event.id}`,
    written: Object.keys(fields).toSorted(),
  })),
  respondInSlack: vi.fn<Activities['respondInSlack']>(async () => ({ outcome: 'sent' })),
  respondInDiscord: vi.fn<Activities['respondInDiscord']>(async () => ({ outcome: 'sent' })),
  describePush: vi.fn<Activities['describePush']>(async () => ({
    change: 'updated',
    basis: 'before',
    base: 'a'.repeat(40),
    head: 'b'.repeat(40),
    commitCount: 2,
    commits: [],
    files: [{ status: 'added', path: 'a', addedLines: 1, deletedLines: 0 }],
    truncated: false,
  })),
});
