import { spawn } from 'node:child_process';
import { messageOf } from './home.ts';

/** How a command is run. */
export interface CommandOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** After this many milliseconds it is killed. */
  readonly timeoutMs: number;
  readonly cwd?: string;
  /** What it reads from its standard input; default nothing. */
  readonly input?: string | Buffer;
  readonly user?: { readonly uid: number; readonly gid: number } | undefined;
  /** Called every `everyMs` with the seconds since the start. */
  readonly progress?: { readonly everyMs: number; readonly report: (seconds: number) => void };
}

/**
 * Runs a command to its end. Takes the command and its arguments; gives its standard output.
 * Throws, with the last lines that it wrote, when it fails, is not there or takes too long.
 */
export async function runCommand(
  command: string,
  args: readonly string[],
  { env, timeoutMs, cwd, input, user, progress }: CommandOptions,
): Promise<string> {
  const started = Date.now();
  // With no input it is /dev/null, so that nothing is asked of a person.
  const child = spawn(command, [...args], {
    env: { ...env },
    ...(cwd === undefined ? {} : { cwd }),
    ...user,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  const ticker =
    progress &&
    setInterval(() => progress.report(Math.round((Date.now() - started) / 1000)), progress.everyMs);
  let output = '';
  let errors = '';
  child.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr?.setEncoding('utf8').on('data', (chunk: string) => (errors = (errors + chunk).slice(-4000)));
  // A command that ends before it has read everything says why by its exit code.
  child.stdin?.on('error', () => undefined).end(input);
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    if (code === 0) return output;
    const late = code === null && Date.now() - started >= timeoutMs;
    throw new Error(
      late ? `not done after ${timeoutMs / 1000} s` : lastLines(errors || output) || `exit code ${code}`,
    );
  } catch (error) {
    throw new Error(`${command}: ${messageOf(error)}`, { cause: error });
  } finally {
    clearInterval(ticker);
  }
}

const lastLines = (text: string) => text.trim().split('\n').slice(-3).join('\n');
