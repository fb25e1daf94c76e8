import type { Reporter, TestModule } from 'vitest/node';

/** Ends a run with one line that scripts read, and with what was left out. */
// oxlint-disable-next-line import/no-default-export -- what vitest loads
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const count = (state: string) => tests.filter((one) => one.result().state === state).length;
    // A file that cannot be loaded has no tests to fail.
    const broken = modules.filter((module) => module.state() === 'failed' && count('failed') === 0).length;
    const line = `everhook: ${count('passed')} passed, ${count('failed') + broken} failed, ${count('skipped')} skipped`;
    const real = modules.some((module) => module.project.name === 'real');
    const rest = real ? '' : "\nNot run here: other people's programs (npm run test:real).";
    process.stdout.write(`${rest}\n${line}\n`);
  }
}
