import { source } from './define.ts';
import { github, hubspot, payment, salesforce, stripe } from './providers/index.ts';

/** Who may send, under the name that the URL, the proofs and the workflow ids carry. */
export const sources = {
  stripe: source(stripe()),
  github: source(github()),
  hubspot: source(hubspot()),
  salesforce: source(salesforce({ occurredAt: 'LastModifiedDate' })),
  payment: source(payment()),
};
