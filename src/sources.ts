import { source } from './define.ts';
import { github, gitlab, payment, standardWebhooks, stripe, svix } from './providers/index.ts';

/** Who may send, under the name that the URL, the proofs and the workflow ids carry. */
export const sources = {
  stripe: source(stripe()),
  github: source(github()),
  gitlab: source(gitlab()),
  'standard-webhooks': source(standardWebhooks()),
  svix: source(svix()),
  payment: source(payment()),
};
