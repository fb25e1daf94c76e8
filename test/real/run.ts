import { spawn, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

/** The checkout, without a final slash. */
export const checkout = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');

// What a user's shell would not have: what npm and vitest tell the scripts that they run.
const foreign = /^(VITEST|NODE_ENV$|TEST$|npm_(package|lifecycle)_|npm_config_local_prefix$)/;

/** This process's environment as a user's shell has it, with `more`. */
export const shellEnvironment = (more: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !foreign.test(name))),
  ...more,
});

export interface RunOptions {
  readonly cwd: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly timeoutMs?: number;
}

/** Runs a program to its end; gives what it printed. Throws, with all of that, when it fails or takes too long. */
export async function run(
  command: string,
  args: readonly string[],
  { cwd, env = shellEnvironment(), timeoutMs = 120_000 }: RunOptions,
): Promise<string> {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collect(child);
  const timer = setTimeout(() => signalGroup(child, 'SIGKILL'), timeoutMs);
  const code = await ended(child);
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${code}\n${output.text()}`);
  return output.text();
}

/** A program that stays. */
export interface Running {
  readonly pid: number;
  /** Everything that it has printed. */
  readonly text: () => string;
  /** Settles when it prints `word`; rejects when it ends before, or after `timeoutMs`. */
  until(word: string, timeoutMs: number): Promise<void>;
  /** Ends it and its children as Ctrl-C in a terminal does; gives its exit code, or a signal's name. */
  interrupt(timeoutMs: number): Promise<number | string>;
}

/** Starts a program in a process group of its own, which is ended with the test. */
export function start(command: string, args: readonly string[], { cwd, env }: RunOptions): Running {
  const child = spawn(command, args, { cwd, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const output = collect(child);
  const over = ended(child);
  onTestFinished(async () => {
    if (!isOver(child)) signalGroup(child, 'SIGKILL');
    await over;
  });
  const fail = (what: string) => new Error(`${[command, ...args].join(' ')} ${what}\n${output.text()}`);
  return {
    pid: child.pid ?? 0,
    text: output.text,
    until: (word, timeoutMs) =>
      limited(timeoutMs, fail(`has not printed "${word}"`), (resolve, reject) => {
        const look = () => output.text().includes(word) && resolve();
        output.onChange(look);
        look();
        void over.then((code) => reject(fail(`ended with ${code}`)));
      }),
    async interrupt(timeoutMs) {
      signalGroup(child, 'SIGINT');
      await limited(timeoutMs, fail('has not ended by Ctrl-C'), (resolve) => void over.then(() => resolve()));
      return await over;
    },
  };
}

function collect(child: ChildProcess) {
  let text = '';
  let listener = () => {};
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      listener();
    });
  }
  return { text: () => text, onChange: (listen: () => void) => void (listener = listen) };
}

const ended = (child: ChildProcess): Promise<number | string> =>
  new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve(code ?? signal ?? 'no code'));
  });

const isOver = (child: ChildProcess): boolean => child.exitCode !== null || child.signalCode !== null;

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended between the look and the signal.
  }
}

async function limited(
  timeoutMs: number,
  late: Error,
  begin: (resolve: () => void, reject: (error: Error) => void) => void,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  try {
    await new Promise<void>((resolve, reject) => {
      timer = setTimeout(() => reject(late), timeoutMs);
      begin(resolve, reject);
    });
  } finally {
    clearTimeout(timer);
  }
}
