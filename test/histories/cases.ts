import { ApplicationFailure } from '@temporalio/common';
import type { Activities } from '../../src/activities/index.ts';

/** A run to record: `<name>.json`. */
export interface Case {
  readonly name: string;
  readonly workflow: string;
  /** How the run gets its event: as its argument, from a feed, or for a child of `takeTurns`. */
  readonly kind?: 'plain' | 'fed' | 'turns';
  readonly source: string;
  readonly type: string;
  /** What the event is about, where the workflow asks. */
  readonly key?: string;
  readonly payload: unknown;
  /** Keyed runs are given it so often, under other ids; default once. */
  readonly times?: number;
  /** What they are given after that, of other types. */
  readonly followedBy?: readonly { readonly type: string; readonly payload: unknown }[];
  readonly activities: Partial<Activities>;
}

const stripe = (type: string, object: object) => ({ object: 'event', type, data: { object } });

const paymentIntent = {
  id: 'pi_1',
  object: 'payment_intent',
  amount: 2000,
  amount_received: 2000,
  currency: 'usd',
  receipt_email: 'jenny.rosen@example.com',
};

const push = {
  ref: 'refs/heads/main',
  before: 'a'.repeat(40),
  after: 'b'.repeat(40),
  deleted: false,
  commits: [],
  repository: {
    full_name: 'everhook/sample',
    clone_url: 'https://git.everhook.example/sample.git',
    default_branch: 'main',
  },
};

const gitlabPush = {
  object_kind: 'push',
  ref: push.ref,
  before: push.before,
  after: push.after,
  project: {
    id: 15,
    path_with_namespace: 'everhook/sample',
    git_http_url: push.repository.clone_url,
    default_branch: push.repository.default_branch,
  },
  commits: [],
  total_commits_count: 1,
};

const pushActivities: Partial<Activities> = {
  fetchMirror: async () => ({ objects: 3 }),
  describePush: async () => ({
    change: 'updated',
    basis: 'before',
    base: push.before,
    head: push.after,
    commitCount: 1,
    commits: [{ id: push.after, author: 'Sample Author', subject: 'Raise the price', authoredAt: '2026-01-01T00:00:00Z' }],
    files: [{ status: 'modified', path: 'price.js', addedLines: 1, deletedLines: 1 }],
    truncated: false,
  }),
};

const alerts = (status: string) => ({
  receiver: 'everhook',
  status,
  alerts: [{ status, labels: { alertname: 'DiskFull' }, startsAt: '2026-01-02T03:04:00Z', fingerprint: '2d93568ee0a39cf4' }],
  commonLabels: { alertname: 'DiskFull' },
  commonAnnotations: { summary: 'The disk of db-1 is full' },
  groupKey: '{}:{alertname="DiskFull"}',
});
const incident = ({ source, id }: { source: string; id: string }, openedAt: string) => ({
  incidentId: '00000000-0000-4000-8000-000000000002',
  openedBy: `${source}:${id}`,
  openedAt,
});

const postPayment: Activities['postPayment'] = async ({ event }) => ({
  entryId: '00000000-0000-4000-8000-000000000001',
  alreadyPosted: false,
  postedBy: `${event.source}:${event.id}`,
});
const sendMail: Activities['sendMail'] = async () => ({ outcome: 'sent' });
const command = {
  command: '/deploy',
  text: 'production now',
  team_id: 'T061EG9R6',
  channel_id: 'C0LAN2Q65',
  user_id: 'U061F7AUR',
  response_url: 'everhook-sealed:response-url',
  trigger_id: 'everhook-sealed:trigger',
};
const interaction = {
  type: 2,
  id: '786008729715212338',
  application_id: '775799577604522054',
  token: 'everhook-sealed:token',
  data: { id: '867540412345098280', name: 'deploy', type: 1 },
};
const asked = { reRead: true, amountMinor: 2000, currency: 'usd', receiptAddress: null } as const;

/** The ways through each workflow that order its commands differently. */
export const cases: readonly Case[] = [
  {
    name: 'fulfillPayment',
    workflow: 'fulfillPayment',
    source: 'stripe',
    type: 'payment_intent.succeeded',
    payload: stripe('payment_intent.succeeded', paymentIntent),
    activities: { readPayment: async () => ({ ...asked, status: 'succeeded' }), postPayment, sendMail },
  },
  {
    name: 'fulfillPayment-generic',
    workflow: 'fulfillPayment',
    source: 'payment',
    type: 'payment.succeeded',
    payload: { id: 'evt_1', type: 'payment.succeeded', data: { payment_id: 'pay_1', amount: 42, currency: 'eur' } },
    activities: { postPayment },
  },
  {
    name: 'fulfillPayment-refused',
    workflow: 'fulfillPayment',
    source: 'stripe',
    type: 'payment_intent.succeeded',
    payload: stripe('payment_intent.succeeded', paymentIntent),
    activities: {
      readPayment: async () => ({ reRead: false }),
      postPayment,
      sendMail: () => Promise.reject(ApplicationFailure.nonRetryable('the mail server: 550', 'MailRefused')),
    },
  },
  {
    name: 'recoverPayment',
    workflow: 'recoverPayment',
    kind: 'fed',
    times: 2,
    source: 'stripe',
    type: 'payment_intent.payment_failed',
    payload: stripe('payment_intent.payment_failed', paymentIntent),
    activities: {
      findPayment: async () => null,
      readPayment: async () => ({ ...asked, status: 'requires_payment_method' }),
      sendMail,
    },
  },
  {
    name: 'recoverPayment-paid',
    workflow: 'recoverPayment',
    kind: 'fed',
    source: 'payment',
    type: 'payment.failed',
    payload: {
      id: 'evt_1',
      type: 'payment.failed',
      data: { payment_id: 'pay_1', customer_email: 'jenny.rosen@example.com' },
    },
    activities: { findPayment: async () => ({ entryId: '00000000-0000-4000-8000-000000000001' }) },
  },
  {
    name: 'welcomeCustomer',
    workflow: 'welcomeCustomer',
    source: 'stripe',
    type: 'customer.created',
    payload: stripe('customer.created', { id: 'cus_1', email: 'jenny.rosen@example.com' }),
    activities: { sendMail },
  },
  {
    name: 'upsertContact',
    workflow: 'upsertContact',
    source: 'hubspot',
    type: 'contact.propertyChange',
    key: '62515:123',
    payload: {
      eventId: 1,
      subscriptionId: 12_345,
      portalId: 62_515,
      appId: 54_321,
      occurredAt: 1_564_113_600_000,
      subscriptionType: 'contact.propertyChange',
      attemptNumber: 0,
      objectId: 123,
      propertyName: 'email',
      propertyValue: 'jenny.rosen@example.com',
    },
    activities: {
      writeContact: async ({ event }) => ({
        contactId: '00000000-0000-4000-8000-000000000001',
        createdBy: `${event.source}:${event.id}`,
        written: ['email'],
      }),
    },
  },
  {
    name: 'processPush',
    workflow: 'processPush',
    source: 'github',
    type: 'push',
    payload: push,
    activities: pushActivities,
  },
  {
    name: 'processPush-gitlab',
    workflow: 'processPush',
    source: 'gitlab',
    type: 'push',
    payload: gitlabPush,
    activities: pushActivities,
  },
  {
    name: 'answerCommand',
    workflow: 'answerCommand',
    source: 'slack',
    type: 'command./deploy',
    payload: command,
    activities: { respondInSlack: async () => ({ outcome: 'sent' }) },
  },
  {
    name: 'followUpInteraction',
    workflow: 'followUpInteraction',
    source: 'discord',
    type: 'command.deploy',
    payload: interaction,
    activities: { respondInDiscord: async () => ({ outcome: 'sent' }) },
  },
  {
    name: 'recordEvent',
    workflow: 'recordEvent',
    source: 'payment',
    type: 'payment.refunded',
    payload: { id: 'evt_1', type: 'payment.refunded' },
    activities: {},
  },
  {
    name: 'manageIncident',
    workflow: 'manageIncident',
    kind: 'fed',
    times: 2,
    source: 'alertmanager',
    type: 'firing',
    payload: alerts('firing'),
    followedBy: [{ type: 'resolved', payload: alerts('resolved') }],
    activities: {
      openIncident: async ({ event, at }) => ({ ...incident(event, at), alreadyOpen: false }),
      addToIncident: async () => ({ alreadyAdded: false }),
      closeIncident: async () => ({ alreadyClosed: false }),
    },
  },
  {
    name: 'manageIncident-idle',
    workflow: 'manageIncident',
    kind: 'fed',
    source: 'pagerduty',
    type: 'incident.triggered',
    payload: { event: { id: 'e', event_type: 'incident.triggered', data: { id: 'PINCID1', title: 'The disk is full' } } },
    activities: {
      openIncident: async ({ event, at }) => ({ ...incident(event, at), alreadyOpen: false }),
      closeIncident: async () => ({ alreadyClosed: false }),
    },
  },
  {
    name: 'manageIncident-left',
    workflow: 'manageIncident',
    kind: 'fed',
    source: 'alertmanager',
    type: 'resolved',
    payload: alerts('resolved'),
    activities: {
      findIncident: async ({ source }) => incident({ source, id: 'evt_0' }, '2026-01-01T00:00:00.000Z'),
      closeIncident: async () => ({ alreadyClosed: false }),
    },
  },
  {
    name: 'takeTurns',
    workflow: 'takeTurns',
    kind: 'turns',
    times: 2,
    source: 'payment',
    type: 'payment.refunded',
    payload: { id: 'evt_1', type: 'payment.refunded' },
    activities: {},
  },
];
