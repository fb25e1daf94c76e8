import type { ActivityContext } from '../define.ts';

type Row = ActivityContext['routes'][number];

/** The rows that lead to one of these workflows, as messages name them; empty when none does. */
export const rowsOf = (routes: readonly Row[], workflows: readonly string[]): string[] =>
  routes
    .filter(({ workflow }) => workflows.includes(workflow))
    .map(({ source, type, workflow }) => `${source} ${type} (${workflow})`);
