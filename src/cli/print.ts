/** A line on standard output, for people or scripts. */
export const print = (line = ''): void => void process.stdout.write(`${line}\n`);

/** A line on standard error. */
export const warn = (line: string): void => void process.stderr.write(`${line}\n`);

/** Ends quietly when whoever read standard output has gone (`everhook sources | head`), as other commands do. */
export function endWithReader(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    process.exit(0);
  });
}
