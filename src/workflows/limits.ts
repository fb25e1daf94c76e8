import type { ActivityOptions } from '@temporalio/workflow';

/** Of a database: connecting and one statement take at most 12 s. */
const store = (...nonRetryableErrorTypes: readonly string[]) =>
  ({
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: '1 day',
    retry: {
      initialInterval: '1 second',
      backoffCoefficient: 2,
      maximumInterval: '5 minutes',
      maximumAttempts: 300,
      nonRetryableErrorTypes: [...nonRetryableErrorTypes],
    },
  }) satisfies ActivityOptions;

/**
 * How long activities may take and how often they are tried, by the outside system. An attempt's limit
 * is a little more than its own time-outs, because a worker that dies is missed only when it has
 * passed. What has failed for a day waits for a person: the run shows it, and can be reset. A run that
 * is cancelled ends when its activity has (`cancellationType`; the SDK's default would not wait, whatever
 * its documentation says), so that what was done outside is known.
 */
export const limits = {
  ledger: store('LedgerConflict', 'LedgerRefused'),
  contacts: store('ContactsRefused'),
  incidents: store('IncidentsRefused'),
  /** A request takes at most 10 s; a provider's Retry-After goes before the interval. */
  provider: {
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: '1 day',
    retry: {
      initialInterval: '2 seconds',
      backoffCoefficient: 2,
      maximumInterval: '10 minutes',
      maximumAttempts: 160,
      nonRetryableErrorTypes: [
        'PaymentDeclined',
        'PaymentMissing',
        'StripeUnauthorized',
        'StripeRequestInvalid',
      ],
    },
  },
  /** Greylisting asks for minutes, and a repetition may be a second mail: so few, and far apart. */
  mail: {
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    startToCloseTimeout: '1 minute',
    scheduleToCloseTimeout: '1 day',
    retry: {
      initialInterval: '10 seconds',
      backoffCoefficient: 3,
      maximumInterval: '1 hour',
      maximumAttempts: 25,
      nonRetryableErrorTypes: ['AddressInvalid', 'MailRefused'],
    },
  },
  /** A response_url takes answers for 30 minutes, five of them: docs.slack.dev/interactivity/handling-user-interaction */
  slack: {
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: '30 minutes',
    retry: {
      initialInterval: '2 seconds',
      backoffCoefficient: 2,
      maximumInterval: '2 minutes',
      maximumAttempts: 25,
      nonRetryableErrorTypes: ['ChatAddressRefused', 'ChatRefused'],
    },
  },
  /** An interaction's token lives for 15 minutes: docs.discord.com/developers/interactions/receiving-and-responding */
  discord: {
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    startToCloseTimeout: '15 seconds',
    scheduleToCloseTimeout: '15 minutes',
    retry: {
      initialInterval: '2 seconds',
      backoffCoefficient: 2,
      maximumInterval: '1 minute',
      maximumAttempts: 25,
      nonRetryableErrorTypes: ['ChatAddressRefused', 'ChatRefused'],
    },
  },
  /** A first mirror may take long; heartbeats tell of a worker that died, and of a cancellation. */
  git: {
    cancellationType: 'WAIT_CANCELLATION_COMPLETED',
    startToCloseTimeout: '30 minutes',
    scheduleToCloseTimeout: '6 hours',
    heartbeatTimeout: '20 seconds',
    retry: {
      initialInterval: '5 seconds',
      backoffCoefficient: 2,
      maximumInterval: '10 minutes',
      maximumAttempts: 20,
      nonRetryableErrorTypes: ['CloneUrlRefused', 'PushUnreadable'],
    },
  },
} as const satisfies Record<string, ActivityOptions>;
