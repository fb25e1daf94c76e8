import type { JournalSource } from '../../src/journal/rows.ts';
import { github, payment } from '../../src/providers/index.ts';

/** The sources of a journal under test. */
export const journalSources: Record<string, JournalSource> = {
  payment: { provider: payment(), refuseReplays: false },
  github: { provider: github(), refuseReplays: false },
  careful: { provider: github(), refuseReplays: true },
};
