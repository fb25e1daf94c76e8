import { defineGateway } from '../../src/define.ts';
import gateway from '../../src/gateway.ts';

/** The shipped gateway without rows that need the journal: what direct mode runs. */
// oxlint-disable-next-line import/no-default-export -- what a gateway file is loaded by
export default defineGateway({
  ...gateway,
  routes: { ...gateway.routes, github: { push: { workflow: 'processPush', taskQueue: 'everhook-git' } } },
});
