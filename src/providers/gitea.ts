import type { GiteaEvents } from './gitea-events.ts';
import { giteaFamily } from './gitea-family.ts';
import type { Provider } from './provider.ts';
import type { SecretAndAccess } from './secret-and-access.ts';

/** Gitea: JSON and form deliveries, proven by `X-Gitea-Signature` and, where it is there, `X-Hub-Signature-256`. */
export const gitea = (): Provider<GiteaEvents, SecretAndAccess> => giteaFamily('gitea', ['gitea']);
