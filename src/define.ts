import type { Provider } from './providers/provider.ts';
import type { RateLimit } from './rate-limit.ts';
import type { WebhookEvent } from './event.ts';

/** How one source differs from its provider's defaults. */
export interface SourceOptions {
  /**
   * The largest body accepted, in bytes. Default the provider's, else 1,572,864 (1.5 MiB), which is also the
   * maximum in direct mode; with the journal it is 26,214,400 (25 MiB).
   */
  readonly bodyLimitBytes?: number;
  /** Refuse equal signed bytes under another id. Needs the journal. */
  readonly refuseReplays?: boolean;
  /**
   * How many proven deliveries are taken in a window, from all addresses together, in each process; more
   * get 429. Default: no limit, because some providers never send again what was answered so.
   */
  readonly rateLimit?: RateLimit;
  /**
   * How long the journal keeps a delivery's body, headers and address, in days (a whole number from 1 to 3,650), or
   * `'forever'`. Default 90. A body that a run may still need is kept longer. Needs the journal.
   */
  readonly retentionDays?: number | 'forever';
}

/** A provider under the name that its URL, its proofs and its workflow ids carry. */
export interface Source<P = AnyProvider> {
  readonly provider: P;
  readonly options: SourceOptions;
}

// Methods compare bivariantly, so every Provider<Events, Proof> is an AnyProvider.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyProvider = Provider<any, any>;
export type Sources = Readonly<Record<string, Source>>;

/** Names a provider's deliveries: `source(stripe(), { bodyLimitBytes })`. */
export const source = <P extends AnyProvider>(provider: P, options: SourceOptions = {}): Source<P> => ({
  provider,
  options,
});

/** What a `feedBy` workflow takes: the key's events, one after another (`follow(feed)`). */
export interface Feed<Event> {
  readonly key: string;
  /** Where its events wait; Everhook sets it. */
  readonly turn?: string;
  /** Never set: carries the events' type. */
  readonly event?: Event;
}

/** The names of the workflows that take an `Arg`. */
export type Takes<Workflows, Arg> = {
  [Name in keyof Workflows & string]: Workflows[Name] extends (argument: infer Accepted) => Promise<unknown>
    ? [Arg] extends [Accepted]
      ? Name
      : never
    : never;
}[keyof Workflows & string];

/** The names of the workflows that take a feed of `Event`s. */
export type Feeds<Workflows, Event> = {
  [Name in keyof Workflows & string]: Workflows[Name] extends (feed: Feed<infer Accepted>) => Promise<unknown>
    ? [Event] extends [Accepted]
      ? Name
      : never
    : never;
}[keyof Workflows & string];

/** How events of one type become runs. A plain name is the common case. */
export type Row<Workflows, Event> =
  | Takes<Workflows, Event>
  | {
      readonly workflow: Takes<Workflows, Event>;
      /** One run per event, one at a time per key and in order. Needs the journal. */
      readonly inOrderBy?: (event: Event) => string | number;
      /** Of keyed rows: how long an event waits for earlier ones, in seconds. Default 2. */
      readonly settlingSeconds?: number;
      /** Default `everhook`. */
      readonly taskQueue?: string;
      /** 1 is first; default 3. */
      readonly priority?: 1 | 2 | 3 | 4 | 5;
    }
  | {
      readonly workflow: Feeds<Workflows, Event>;
      /** One long run per key that takes each event in turn. Needs the journal. */
      readonly feedBy: (event: Event) => string | number;
      /** How long an event waits for earlier ones, in seconds. Default 2. */
      readonly settlingSeconds?: number;
      readonly taskQueue?: string;
    }
  | {
      /** A workflow type of a worker in another language. */
      readonly external: string;
      readonly taskQueue: string;
    };

/** The map of types that a provider carries. */
export type EventsOf<P> = P extends { readonly events?: infer Events } ? NonNullable<Events> : never;

/** The event that the row `Type` takes: the type itself and, for a wider one, all below it. */
export type EventOf<Events, Type extends keyof Events & string> = WebhookEvent<
  string extends keyof Events ? Type : Extract<keyof Events & string, Type | `${Type}.${string}`>,
  Events[Type]
>;

/** The names in a map of types that also takes any other name. */
type NamedOf<Events> = keyof {
  [Type in keyof Events as string extends Type ? never : number extends Type ? never : Type]: true;
};

/**
 * A row of a type that its map does not name, beside types that it does: an object type's index holds for all of its
 * members, so that this takes every workflow, and the named members say which of them.
 */
type OpenRow<Workflows, Event> =
  | (keyof Workflows & string)
  | {
      readonly workflow: keyof Workflows & string;
      inOrderBy?(event: Event): string | number;
      feedBy?(event: Event): string | number;
      readonly settlingSeconds?: number;
      readonly taskQueue?: string;
      readonly priority?: 1 | 2 | 3 | 4 | 5;
    }
  | { readonly external: string; readonly taskQueue: string };

/** The rows of one source. */
type RowsOf<Events, Workflows> = {
  readonly [Type in keyof Events as Type & string]?: string extends Type
    ? [NamedOf<Events>] extends [never]
      ? Row<Workflows, EventOf<Events, Type & string>>
      : OpenRow<Workflows, EventOf<Events, Type & string>>
    : Row<Workflows, EventOf<Events, Type & string>>;
};

/** The rows of every source, for `as const satisfies Routes<typeof sources, typeof workflows>`. */
export type Routes<S extends Sources, Workflows> = {
  readonly [Name in keyof S]?: RowsOf<EventsOf<S[Name]['provider']>, Workflows> & {
    readonly '*'?: Row<Workflows, WebhookEvent>;
  };
};

/** A row as the gateway reads it, its types forgotten. */
export type AnyRow =
  | string
  | {
      readonly workflow: string;
      // oxlint-disable-next-line typescript/no-explicit-any
      readonly inOrderBy?: (event: any) => string | number;
      // oxlint-disable-next-line typescript/no-explicit-any
      readonly feedBy?: (event: any) => string | number;
      readonly settlingSeconds?: number;
      readonly taskQueue?: string;
      readonly priority?: number;
    }
  | { readonly external: string; readonly taskQueue: string };
export type AnyRoutes = Readonly<Record<string, Readonly<Record<string, AnyRow>> | undefined>>;

/** What activities may be made from. The worker reads it once, at its start. */
export interface ActivityContext {
  /**
   * A setting from the environment, with `_FILE` resolved; undefined when unset.
   * Throws ConfigError when it is blank.
   */
  setting(name: string): string | undefined;
  /**
   * Whether a setting is a proof that a development start made up (`SLACK_WEBHOOK_SECRET`): no account stands behind
   * what comes by it, and nobody waits for an answer.
   */
  isMadeUp(name: string): boolean;
  /** True under `everhook start`: stand-ins may serve where an account is missing. */
  readonly development: boolean;
  /** Absolute path of the folder for what must outlive a process (`EVERHOOK_HOME`). */
  readonly home: string;
  /**
   * What a provider's `credentials` sealed in a payload, in the clear. Call it in the activity that needs it, and
   * give it to nobody: a result, an error's message or a heartbeat would keep it. Throws SealError.
   */
  reveal(sealed: string): string;
  /** The rows of the sources that are switched on, to refuse by name what cannot work. */
  readonly routes: readonly {
    readonly source: string;
    readonly provider: string;
    readonly type: string;
    readonly workflow: string;
  }[];
  /** Called, last first, when the worker has drained: close pools here. */
  onClose(close: () => Promise<void>): void;
}

// oxlint-disable-next-line typescript/no-explicit-any
export type AnyActivities = Readonly<Record<string, (...args: any[]) => unknown>>;

/** The one file that names everything gives one of these. */
export interface Gateway {
  readonly sources: Sources;
  readonly routes: AnyRoutes;
  /** The file or folder whose exports are the workflows; the worker bundles it. */
  readonly workflowsPath: URL | string;
  /** The activities, or a function that makes them at the worker's start. */
  readonly activities: AnyActivities | ((context: ActivityContext) => AnyActivities | Promise<AnyActivities>);
  /** Brings the stores of the activities up to date, for `everhook migrate`; gives what it did, in words. */
  readonly migrate?: (context: Pick<ActivityContext, 'setting'>) => Promise<readonly string[]>;
}

/** Types are checked where the parts are written; here they only meet. */
export const defineGateway = <const G extends Gateway>(gateway: G): G => gateway;
