/** Read by the type checker, run by nobody: what `Routes` must refuse, and what it must infer. */
import { source, type Feed, type Routes } from '../src/define.ts';
import type { WebhookEvent } from '../src/event.ts';
import {
  bitbucket,
  configured,
  gitea,
  github,
  hmac,
  payment,
  stripe,
  type BitbucketEvent,
  type GiteaEvent,
  type GithubEvent,
  type StripeEvent,
} from '../src/providers/index.ts';

const sources = {
  stripe: source(stripe()),
  github: source(github()),
  payment: source(payment()),
  partner: source(hmac()),
  gitea: source(gitea()),
  bitbucket: source(bitbucket()),
  supplier: source(configured()),
};
interface Workflows {
  fulfill(event: StripeEvent<'payment_intent.succeeded'>): Promise<string>;
  build(event: GithubEvent<'push'>): Promise<void>;
  review(event: GithubEvent<'pull_request.opened'>): Promise<void>;
  reviewAny(event: WebhookEvent<string, { number: number }>): Promise<void>;
  record(event: WebhookEvent): Promise<void>;
  mirror(event: GiteaEvent<'push'>): Promise<void>;
  triage(event: GiteaEvent<'issues'>): Promise<void>;
  mirrorCloud(event: BitbucketEvent<'repo:push'>): Promise<void>;
  follow(feed: Feed<WebhookEvent>): Promise<void>;
  recover(feed: Feed<StripeEvent<'invoice.payment_failed'>>): Promise<void>;
}
type Check = Routes<typeof sources, Workflows>;
type Is<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
type IsAny<T> = 0 extends 1 & T ? true : false;
const yes = <T extends true>(): T | undefined => undefined;
const no = <T extends false>(): T | undefined => undefined;

export const accepted = {
  stripe: {
    'payment_intent.succeeded': 'fulfill',
    'invoice.payment_failed': {
      workflow: 'recover',
      feedBy: (event) => {
        yes<Is<typeof event.type, 'invoice.payment_failed'>>();
        no<IsAny<typeof event.payload>>();
        return event.payload.data.object.id ?? event.id;
      },
    },
    'v1.billing.meter.error_report_triggered': 'record',
    '*': 'record',
  },
  github: {
    push: {
      workflow: 'build',
      inOrderBy: (event) => event.payload.repository.id,
      taskQueue: 'git',
      priority: 2,
    },
    pull_request: {
      workflow: 'reviewAny',
      inOrderBy: (event) => {
        no<IsAny<typeof event.payload>>();
        return event.payload.number;
      },
    },
    'pull_request.opened': 'review',
    issues: { external: 'TriageIssue', taskQueue: 'python' },
  },
  payment: { 'payment.succeeded': 'record' },
  partner: { 'any.name': 'record' },
  gitea: {
    push: {
      workflow: 'mirror',
      inOrderBy: (event) => {
        yes<Is<typeof event.payload.repository.id, number>>();
        return event.payload.repository.id;
      },
    },
    issues: 'triage',
    'issues.opened': 'record',
    'pull_request.label_updated': {
      workflow: 'record',
      inOrderBy: (event) => {
        no<IsAny<typeof event.payload>>();
        return event.payload.pull_request.number;
      },
    },
  },
  bitbucket: {
    'repo:push': 'mirrorCloud',
    'repo:refs_changed': {
      workflow: 'record',
      inOrderBy: (event) => event.payload.repository.id,
    },
  },
  supplier: {
    'any.name': 'record',
    another: {
      workflow: 'follow',
      feedBy: (event) => {
        yes<Is<typeof event.payload, unknown>>();
        return event.key ?? event.id;
      },
    },
    '*': 'record',
  },
} as const satisfies Check;

export const misspeltEvent = {
  // @ts-expect-error no such event
  stripe: { 'payment_intent.succeded': 'fulfill' },
} as const satisfies Check;

export const unknownWorkflow = {
  // @ts-expect-error no such workflow
  stripe: { 'payment_intent.succeeded': 'fullfil' },
} as const satisfies Check;

export const unknownWorkflowInStar = {
  // @ts-expect-error no such workflow
  stripe: { '*': 'nonsense' },
} as const satisfies Check;

export const wrongPayload = {
  // @ts-expect-error a customer is no payment
  stripe: { 'customer.created': 'fulfill' },
} as const satisfies Check;

export const eventOfAnotherProvider = {
  // @ts-expect-error a push is not Stripe's
  stripe: { push: 'build' },
} as const satisfies Check;

export const workflowOfAnotherProvider = {
  // @ts-expect-error a push is no payment
  github: { push: 'fulfill' },
} as const satisfies Check;

export const feedByOnAPlainWorkflow = {
  stripe: {
    // @ts-expect-error fulfill takes an event, not a feed
    'payment_intent.succeeded': { workflow: 'fulfill', feedBy: () => 'k' },
  },
} as const satisfies Check;

export const aPlainRowOfAFeed = {
  // @ts-expect-error recover takes a feed
  stripe: { 'invoice.payment_failed': 'recover' },
} as const satisfies Check;

export const inOrderByOnAFeed = {
  stripe: {
    // @ts-expect-error recover takes a feed
    'invoice.payment_failed': { workflow: 'recover', inOrderBy: () => 'k' },
  },
} as const satisfies Check;

export const duplicateKey = {
  stripe: {
    'payment_intent.succeeded': 'fulfill',
    // @ts-expect-error one type goes to one place
    'payment_intent.succeeded': 'record',
  },
} as const satisfies Check;

export const unknownSource = {
  // @ts-expect-error no such source
  strpie: { '*': 'record' },
} as const satisfies Check;

export const openNamesStillNeedAWorkflow = {
  // @ts-expect-error any event name, but no such workflow
  partner: { 'any.name': 'nonsense' },
} as const satisfies Check;

export const aConfiguredSourceNeedsAWorkflow = {
  // @ts-expect-error no such workflow
  supplier: { 'any.name': 'nonsense' },
} as const satisfies Check;

export const aConfiguredSourceKnowsNoPayload = {
  // @ts-expect-error whatever comes is no payment
  supplier: { 'any.name': 'fulfill' },
} as const satisfies Check;

export const aConfiguredSourceHasRows = {
  // @ts-expect-error a number is no row
  supplier: { 'any.name': 5 },
} as const satisfies Check;

export const aConfiguredSourceHasRowsOfOneKind = {
  // @ts-expect-error follow takes a feed
  supplier: { 'any.name': { workflow: 'follow', inOrderBy: () => 'k' } },
} as const satisfies Check;

export const aConfiguredSourceKnowsNoFields = {
  // @ts-expect-error the payload is unknown
  supplier: { 'any.name': { workflow: 'record', inOrderBy: (event) => event.payload.id } },
} as const satisfies Check;

export const misspeltGiteaEvent = {
  // @ts-expect-error no such event
  gitea: { 'isues.opened': 'record' },
} as const satisfies Check;

export const wrongGiteaPayload = {
  // @ts-expect-error an issue is no push
  gitea: { 'issues.opened': 'mirror' },
} as const satisfies Check;

export const eventOfTheOtherBitbucket = {
  // @ts-expect-error Data Center's push is another
  bitbucket: { 'repo:refs_changed': 'mirrorCloud' },
} as const satisfies Check;

export const schemasNameTheEvents = {
  // @ts-expect-error the schemas know no such event
  payment: { 'payment.succeded': 'record' },
} as const satisfies Check;

export const priorityIsBounded = {
  // @ts-expect-error 1 to 5
  stripe: { 'payment_intent.succeeded': { workflow: 'fulfill', priority: 9 } },
} as const satisfies Check;

export const externalNeedsAQueue = {
  // @ts-expect-error whose worker?
  stripe: { 'payment_intent.succeeded': { external: 'Fulfill' } },
} as const satisfies Check;
