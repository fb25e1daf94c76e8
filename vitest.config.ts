import { defineConfig } from 'vitest/config';

const common = { environment: 'node', pool: 'forks', testTimeout: 60_000, hookTimeout: 120_000 } as const;

/**
 * `unit` needs nothing but Node; `system` runs Temporal, PostgreSQL and git; `real` runs other people's
 * programs, which it installs where they are missing.
 */
// oxlint-disable-next-line import/no-default-export -- what vitest loads
export default defineConfig({
  test: {
    reporters: ['default', './test/support/closing-line.ts'],
    projects: [
      {
        test: {
          ...common,
          name: 'unit',
          include: [
            'test/*.test.ts',
            'test/{providers,conformance,judge,api,admin,temporal,encryption}/**/*.test.ts',
          ],
        },
      },
      {
        test: {
          ...common,
          name: 'system',
          include: ['test/{dev,activities,workflows,journal,dispatch,system}/**/*.test.ts'],
          globalSetup: './test/support/global-setup.ts',
        },
      },
      { test: { ...common, name: 'real', include: ['test/real/**/*.test.ts'], testTimeout: 300_000 } },
    ],
  },
});
