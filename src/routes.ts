import type { Routes } from './define.ts';
import type { sources } from './sources.ts';
import type * as workflows from './workflows/index.ts';

/** Which event starts which workflow. Types without a row are acknowledged and ignored. */
export const routes = {
  stripe: {
    'payment_intent.succeeded': 'fulfillPayment',
    'payment_intent.payment_failed': {
      workflow: 'recoverPayment',
      feedBy: (event) => event.payload.data.object.id,
    },
    'customer.created': 'welcomeCustomer',
  },
  paypal: { 'PAYMENT.CAPTURE.COMPLETED': 'fulfillPayment' },
  github: {
    push: {
      workflow: 'processPush',
      inOrderBy: (event) => event.payload.repository.id,
      taskQueue: 'everhook-git',
    },
  },
  gitlab: {
    push: {
      workflow: 'processPush',
      inOrderBy: (event) => event.payload.project.id,
      taskQueue: 'everhook-git',
    },
    // In the same line as the pushes: one run mirrors a project at a time.
    tag_push: {
      workflow: 'processPush',
      inOrderBy: (event) => event.payload.project.id,
      taskQueue: 'everhook-git',
    },
  },
  hubspot: {
    'contact.creation': { workflow: 'upsertContact', inOrderBy: (event) => event.key ?? event.id },
    'contact.propertyChange': { workflow: 'upsertContact', inOrderBy: (event) => event.key ?? event.id },
  },
  salesforce: {
    Contact: { workflow: 'upsertContact', inOrderBy: (event) => event.key ?? event.id },
  },
  slack: { command: 'answerCommand' },
  discord: { command: 'followUpInteraction', modal: 'followUpInteraction' },
  alertmanager: { '*': { workflow: 'manageIncident', feedBy: (event) => event.key ?? event.id } },
  grafana: { '*': { workflow: 'manageIncident', feedBy: (event) => event.key ?? event.id } },
  // What else happens to an incident would open it again once it is resolved.
  pagerduty: {
    'incident.triggered': { workflow: 'manageIncident', feedBy: (event) => event.key ?? event.id },
    'incident.acknowledged': { workflow: 'manageIncident', feedBy: (event) => event.key ?? event.id },
    'incident.reopened': { workflow: 'manageIncident', feedBy: (event) => event.key ?? event.id },
    'incident.resolved': { workflow: 'manageIncident', feedBy: (event) => event.key ?? event.id },
  },
  payment: {
    'payment.succeeded': 'fulfillPayment',
    'payment.failed': { workflow: 'recoverPayment', feedBy: (event) => event.key ?? event.id },
    '*': 'recordEvent',
  },
} as const satisfies Routes<typeof sources, typeof workflows>;
