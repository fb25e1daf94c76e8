import { createActivities, migrateStores } from './activities/index.ts';
import { defineGateway } from './define.ts';
import { routes } from './routes.ts';
import { sources } from './sources.ts';

/** The gateway that runs unless `--gateway` names another. */
// oxlint-disable-next-line import/no-default-export -- the one default export: what a gateway file is loaded by
export default defineGateway({
  sources,
  routes,
  workflowsPath: new URL('./workflows', import.meta.url),
  activities: createActivities,
  migrate: migrateStores,
});
