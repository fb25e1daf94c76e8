import { source } from './define.ts';
import { github, payment, paypal, stripe } from './providers/index.ts';

/** Who may send, under the name that the URL, the proofs and the workflow ids carry. */
export const sources = {
  stripe: source(stripe()),
  paypal: source(paypal()),
  github: source(github()),
  payment: source(payment()),
};
