// Each name is a workflow type in Temporal, so it is public: names are listed, and nothing else is exported.
export { answerCommand } from './answer-command.ts';
export { followUpInteraction } from './follow-up-interaction.ts';
export { fulfillPayment } from './fulfill-payment.ts';
export { manageIncident } from './manage-incident.ts';
export { processPush } from './process-push.ts';
export { recordEvent } from './record-event.ts';
export { recoverPayment } from './recover-payment.ts';
export { takeTurns } from './take-turns.ts';
export { upsertContact } from './upsert-contact.ts';
export { welcomeCustomer } from './welcome-customer.ts';
