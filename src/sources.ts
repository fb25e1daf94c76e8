import { source } from './define.ts';
import { github, payment, shopify, stripe, twilio } from './providers/index.ts';

/** Who may send, under the name that the URL, the proofs and the workflow ids carry. */
export const sources = {
  stripe: source(stripe()),
  github: source(github()),
  shopify: source(shopify()),
  twilio: source(twilio()),
  payment: source(payment()),
};
