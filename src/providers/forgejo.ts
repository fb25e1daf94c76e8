import type { GiteaEvents } from './gitea-events.ts';
import { giteaFamily } from './gitea-family.ts';
import type { Provider } from './provider.ts';
import type { SecretAndAccess } from './secret-and-access.ts';

/** Forgejo, which sends Gitea's headers under its own name too; older versions send Gitea's alone. */
export const forgejo = (): Provider<GiteaEvents, SecretAndAccess> =>
  giteaFamily('forgejo', ['forgejo', 'gitea']);
