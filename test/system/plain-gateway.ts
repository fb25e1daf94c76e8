import { defineGateway } from '../../src/define.ts';
import gateway from '../../src/gateway.ts';

const { stripe, payment } = gateway.routes;
// Nobody serves it: its runs stay.
const nobody = { external: 'nobody', taskQueue: 'nobody' };

/** The shipped gateway without rows that need the journal: what direct mode runs. */
// oxlint-disable-next-line import/no-default-export -- what a gateway file is loaded by
export default defineGateway({
  ...gateway,
  routes: {
    stripe: { ...stripe, 'payment_intent.payment_failed': nobody },
    payment: { ...payment, 'payment.failed': nobody },
    github: { push: { workflow: 'processPush', taskQueue: 'everhook-git' } },
  },
});
