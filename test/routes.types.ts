/** Read by the type checker, run by nobody: what `Routes` must refuse, and what it must infer. */
import { source, type Feed, type Routes } from '../src/define.ts';
import type { WebhookEvent } from '../src/event.ts';
import {
  bitbucket,
  configured,
  gitea,
  github,
  gitlab,
  hmac,
  hubspot,
  payment,
  paypal,
  salesforce,
  stripe,
  type BitbucketEvent,
  type GiteaEvent,
  type GithubEvent,
  type GitlabEvent,
  type PaypalEvent,
  type StripeEvent,
} from '../src/providers/index.ts';

const sources = {
  stripe: source(stripe()),
  paypal: source(paypal()),
  github: source(github()),
  gitlab: source(gitlab()),
  payment: source(payment()),
  partner: source(hmac()),
  gitea: source(gitea()),
  bitbucket: source(bitbucket()),
  supplier: source(configured()),
};
interface Workflows {
  fulfill(event: StripeEvent<'payment_intent.succeeded'>): Promise<string>;
  capture(event: PaypalEvent<'PAYMENT.CAPTURE.COMPLETED'>): Promise<void>;
  build(event: GithubEvent<'push'>): Promise<void>;
  mirror(event: GithubEvent<'push'> | GitlabEvent<'push' | 'tag_push'>): Promise<void>;
  merge(event: GitlabEvent<'merge_request.merge'>): Promise<void>;
  review(event: GithubEvent<'pull_request.opened'>): Promise<void>;
  reviewAny(event: WebhookEvent<string, { number: number }>): Promise<void>;
  record(event: WebhookEvent): Promise<void>;
  mirrorGitea(event: GiteaEvent<'push'>): Promise<void>;
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
  gitlab: {
    push: {
      workflow: 'mirror',
      inOrderBy: (event) => {
        yes<Is<typeof event.type, 'push'>>();
        no<IsAny<typeof event.payload>>();
        no<IsAny<typeof event.payload.project>>();
        return event.payload.project.id;
      },
    },
    tag_push: 'mirror',
    merge_request: {
      workflow: 'record',
      inOrderBy: (event) => event.payload.object_attributes.iid,
    },
    'merge_request.merge': 'merge',
    user_add_to_group: 'record',
  },
  paypal: {
    'PAYMENT.CAPTURE.COMPLETED': 'capture',
    'CUSTOMER.DISPUTE.CREATED': {
      workflow: 'record',
      inOrderBy: (event) => {
        yes<Is<typeof event.type, 'CUSTOMER.DISPUTE.CREATED'>>();
        return event.payload.resource.dispute_id;
      },
    },
    // A name that the map does not know: its resource is unknown.
    'VAULT.PAYMENT-TOKEN.CREATED': {
      workflow: 'record',
      inOrderBy: (event) => {
        yes<Is<typeof event.payload.resource, unknown>>();
        return event.payload.resource_type;
      },
    },
    '*': 'record',
  },
  payment: { 'payment.succeeded': 'record' },
  partner: { 'any.name': 'record' },
  gitea: {
    push: {
      workflow: 'mirrorGitea',
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

export const pushOfAnotherProvider = {
  // @ts-expect-error build takes GitHub's push
  gitlab: { push: 'build' },
} as const satisfies Check;

export const misspeltAction = {
  // @ts-expect-error no such action
  gitlab: { 'merge_request.opened': 'record' },
} as const satisfies Check;

export const misspeltKind = {
  // @ts-expect-error no such kind
  gitlab: { merge_requst: 'record' },
} as const satisfies Check;

export const anotherKindsAction = {
  // @ts-expect-error an issue is no merge request
  gitlab: { 'issue.open': 'merge' },
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

export const namedBesideOpenNames = {
  // @ts-expect-error a dispute is no capture
  paypal: { 'CUSTOMER.DISPUTE.CREATED': 'capture' },
} as const satisfies Check;

export const openNamesBesideNamed = {
  // @ts-expect-error any event name, but no such workflow
  paypal: { 'ANY.NAME': 'nonsense' },
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
  gitea: { 'issues.opened': 'mirrorGitea' },
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

const crm = { hubspot: source(hubspot()), salesforce: source(salesforce()) };
type CheckCrm = Routes<typeof crm, Workflows>;

export const namesOfCrmEvents = {
  hubspot: {
    'contact.propertyChange': {
      workflow: 'record',
      inOrderBy: (event) => {
        yes<Is<typeof event.payload.propertyName, string>>();
        no<IsAny<typeof event.payload>>();
        return event.key ?? event.id;
      },
    },
    'line_item.creation': 'record',
    '*': 'record',
  },
  salesforce: {
    Contact: {
      workflow: 'record',
      inOrderBy: (event) => {
        no<IsAny<typeof event.payload>>();
        no<IsAny<typeof event.payload.Favourite__c>>();
        yes<Is<typeof event.payload.Email, string | null | undefined>>();
        return event.key ?? event.id;
      },
    },
    'Opportunity.won': 'record',
    Invoice__c: 'record',
  },
} as const satisfies CheckCrm;

export const misspeltProperty = {
  // @ts-expect-error no such event
  hubspot: { 'contact.propertychange': 'record' },
} as const satisfies CheckCrm;

export const misspeltObject = {
  // @ts-expect-error no such object
  salesforce: { Contcat: 'record' },
} as const satisfies CheckCrm;

export const aRecordIsNoPush = {
  // @ts-expect-error a contact is no push
  salesforce: { Contact: 'build' },
} as const satisfies CheckCrm;
