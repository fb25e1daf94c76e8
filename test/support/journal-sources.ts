import { noKeys } from '../../src/encryption/keys.ts';
import type { JournalSource } from '../../src/journal/rows.ts';
import { github, payment } from '../../src/providers/index.ts';

/** The sources of a journal under test. */
export const journalSources: Record<string, JournalSource> = {
  payment: { provider: payment(), refuseReplays: false, keys: noKeys },
  github: { provider: github(), refuseReplays: false, keys: noKeys },
  careful: { provider: github(), refuseReplays: true, keys: noKeys },
};
