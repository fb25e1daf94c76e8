import type { PoolClient } from 'pg';

/** How much later than its deadlines a connection is ended, in milliseconds: they are told first. */
const tellMs = 50;

/** What watches over a connection while a batch is on it. */
export interface CommitGuard {
  /** Throws where the server sent a warning. */
  requireClean(): void;
  /** The connection is not to be used again. */
  fail(): void;
  /** Gives the connection back. */
  release(): void;
}

/**
 * Ends the connection, never the statement, when the last deadline of a batch has passed: a cancelled commit
 * may have happened all the same. A commit that returns with a warning (its wait for a standby was
 * cancelled) is none.
 */
export function guardCommit(client: PoolClient, lastDeadline: number): CommitGuard {
  let warning: string | undefined;
  let broken = false;
  const onNotice = ({ message }: { message?: string | undefined }) => {
    warning ??= message ?? 'a warning';
  };
  // A connection that breaks ends its statement, which is enough; without a listener it ends the process.
  const onError = () => {
    broken = true;
  };
  client.on('notice', onNotice).on('error', onError);
  const timer = setTimeout(
    () => {
      broken = true;
      destroy(client);
    },
    lastDeadline + tellMs - Date.now(),
  );
  return {
    requireClean() {
      if (warning !== undefined) throw new Error(`the commit came with a warning: ${warning}`);
    },
    fail() {
      broken = true;
    },
    release() {
      clearTimeout(timer);
      client.off('notice', onNotice);
      client.release(broken);
      // The pool listens again, or the connection is ended and may still say so.
      if (!broken) client.off('error', onError);
    },
  };
}

// Not `end`: it would wait for the statement.
function destroy(client: PoolClient): void {
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  connection.stream.destroy();
}
