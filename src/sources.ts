import { source } from './define.ts';
import { bitbucket, forgejo, gitea, github, payment, stripe } from './providers/index.ts';

/** Who may send, under the name that the URL, the proofs and the workflow ids carry. */
export const sources = {
  stripe: source(stripe()),
  github: source(github()),
  gitea: source(gitea()),
  forgejo: source(forgejo()),
  bitbucket: source(bitbucket()),
  payment: source(payment()),
};
