import { source } from './define.ts';
import { discord, github, payment, slack, stripe } from './providers/index.ts';

/** Who may send, under the name that the URL, the proofs and the workflow ids carry. */
export const sources = {
  stripe: source(stripe()),
  github: source(github()),
  slack: source(slack()),
  discord: source(discord()),
  payment: source(payment()),
};
