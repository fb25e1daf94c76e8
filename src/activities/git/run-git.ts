import { spawn } from 'node:child_process';
import { once } from 'node:events';

const killAfterMs = 2000;
const keptErrorCharacters = 8192;
const defaultOutputLimitBytes = 1_048_576;
const defaultTimeoutMs = 120_000;

/** A call of git. */
export interface GitCall {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Ends git and whatever it has started. */
  readonly signal: AbortSignal;
  /** Each line of git's progress. */
  readonly onLine?: (line: string) => void;
  /** Default 1 MiB; what comes after is not read, and git is ended. */
  readonly outputLimitBytes?: number;
  /** Default 2 minutes. */
  readonly timeoutMs?: number;
}

/** What git said. */
export interface GitOutput {
  readonly output: Buffer;
  /** False when there was more than the limit. */
  readonly complete: boolean;
}

/** Git ended otherwise than well. The message holds its last complaint. */
export class GitError extends Error {
  override readonly name = 'GitError';
  readonly exitCode: number | null;
  readonly complaint: string;

  constructor(exitCode: number | null, complaint: string) {
    super(complaint === '' ? `git ended with ${exitCode ?? 'a signal'}` : complaint);
    this.exitCode = exitCode;
    this.complaint = complaint;
  }
}

/**
 * Runs git in a process group of its own and waits until all of that group is gone. Throws GitError,
 * or the signal's reason when that ended it.
 */
export async function runGit(call: GitCall): Promise<GitOutput> {
  const { args, env, signal, onLine, outputLimitBytes = defaultOutputLimitBytes } = call;
  const { timeoutMs = defaultTimeoutMs } = call;
  signal.throwIfAborted();
  const child = spawn('git', args, { cwd: '/', env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const chunks: Buffer[] = [];
  let bytes = 0;
  let errors = '';
  let rest = '';
  let timedOut = false;
  let killTimer: NodeJS.Timeout | undefined;
  const end = () => {
    signalGroup(child.pid, 'SIGTERM');
    killTimer ??= setTimeout(() => signalGroup(child.pid, 'SIGKILL'), killAfterMs);
  };
  const timer = setTimeout(() => {
    timedOut = true;
    end();
  }, timeoutMs);
  signal.addEventListener('abort', end, { once: true });
  child.stdout.on('data', (chunk: Buffer) => {
    if (bytes < outputLimitBytes) chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > outputLimitBytes) end();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-keptErrorCharacters);
    const lines = (rest + text).split(/[\r\n]/);
    rest = (lines.pop() ?? '').slice(-keptErrorCharacters);
    if (onLine) for (const line of lines) if (line !== '') onLine(line);
  });
  try {
    // `close` waits for everyone who holds the pipes, so for git's helpers too.
    const [exitCode] = (await once(child, 'close')) as [number | null];
    signal.throwIfAborted();
    if (timedOut) throw new GitError(null, `git took longer than ${timeoutMs / 1000} s`);
    if (bytes > outputLimitBytes) {
      return { output: Buffer.concat(chunks).subarray(0, outputLimitBytes), complete: false };
    }
    if (exitCode !== 0) throw new GitError(exitCode, complaintOf(errors));
    return { output: Buffer.concat(chunks), complete: true };
  } finally {
    clearTimeout(timer);
    clearTimeout(killTimer);
    signal.removeEventListener('abort', end);
    // A helper that let go of the pipes and stayed, if git was ended.
    if (killTimer !== undefined) signalGroup(child.pid, 'SIGKILL');
  }
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // The group is gone.
  }
}

/** Git's own last words; what the other side said (`remote:`) is not repeated. */
const complaintOf = (errors: string): string =>
  errors
    .split(/[\r\n]/)
    .filter((line) => /^(?:fatal|error): /.test(line))
    .join('; ')
    .slice(-500);
