import { randomBytes } from 'node:crypto';
import { standardSamples } from './standard-webhooks-samples.ts';

const id = (prefix: string) => `${prefix}_${randomBytes(16).toString('hex').slice(0, 27)}`;

const endpoint = () => ({ appId: id('app'), appUid: 'shop', endpointId: id('ep'), endpointUid: null });

const attempt = () => ({
  appId: id('app'),
  appUid: 'shop',
  endpointId: id('ep'),
  msgId: id('msg'),
  msgEventId: null,
  lastAttempt: { id: id('atmpt'), timestamp: new Date().toISOString(), responseStatusCode: 500 },
});

/** Operational webhooks carry no time of their own. */
const body = (type: string, data: () => object) => () => ({ type, data: data() });

/**
 * Svix's own events about an account's endpoints (docs.svix.com/incoming-webhooks), and some of no application in
 * particular: what else is sent by Svix is its customers' choice.
 */
export const svixSamples = {
  'endpoint.created': body('endpoint.created', endpoint),
  'endpoint.updated': body('endpoint.updated', endpoint),
  'endpoint.deleted': body('endpoint.deleted', endpoint),
  'endpoint.disabled': body('endpoint.disabled', () => ({
    ...endpoint(),
    failSince: new Date(Date.now() - 5 * 86_400_000).toISOString(),
    trigger: 'automatic',
  })),
  'message.attempt.exhausted': body('message.attempt.exhausted', attempt),
  'message.attempt.failing': body('message.attempt.failing', attempt),
  'message.attempt.recovered': body('message.attempt.recovered', () => {
    const data = attempt();
    return { ...data, lastAttempt: { ...data.lastAttempt, responseStatusCode: 200 } };
  }),
  'user.created': standardSamples['user.created'],
  'user.updated': standardSamples['user.updated'],
  'invoice.paid': standardSamples['invoice.paid'],
};
