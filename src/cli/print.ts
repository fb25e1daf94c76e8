/** A line on standard output, for people or scripts. */
export const print = (line = ''): void => void process.stdout.write(`${line}\n`);

/** A line on standard error. */
export const warn = (line: string): void => void process.stderr.write(`${line}\n`);
