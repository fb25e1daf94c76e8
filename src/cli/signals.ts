// npm passes on the Ctrl-C that the terminal has sent to its scripts already.
const echoMs = 1000;

/**
 * Calls `stop` at the first of these signals. Another one ends the process at once, unless it comes
 * within a second: that is the echo of the first.
 */
export function onSignals(signals: readonly NodeJS.Signals[], stop: (signal: NodeJS.Signals) => void): void {
  let stoppingSince: number | undefined;
  for (const signal of signals) {
    process.on(signal, () => {
      if (stoppingSince === undefined) {
        stoppingSince = performance.now();
        stop(signal);
      } else if (performance.now() - stoppingSince > echoMs) process.exit(1);
    });
  }
}
