import { randomBytes, randomUUID } from 'node:crypto';

/** Bodies as PagerDuty's documentation shows them, shortened, each of an event and an incident of its own. */
export const pagerdutySamples = {
  'incident.triggered': () => about('incident.triggered', incident('triggered')),
  'incident.acknowledged': () => about('incident.acknowledged', incident('acknowledged')),
  'incident.unacknowledged': () => about('incident.unacknowledged', incident('triggered')),
  'incident.escalated': () => about('incident.escalated', incident('triggered')),
  'incident.reassigned': () => about('incident.reassigned', incident('triggered')),
  'incident.priority_updated': () => about('incident.priority_updated', incident('triggered')),
  'incident.reopened': () => about('incident.reopened', incident('triggered')),
  'incident.resolved': () => about('incident.resolved', incident('resolved')),
  'incident.annotated': () =>
    about('incident.annotated', {
      incident: reference('incidents', 'incident', 'The disk of db-1 is full'),
      id: id(),
      content: 'Old backups are being deleted.',
      trimmed: false,
      type: 'incident_note',
    }),
  'incident.responder.added': () =>
    about('incident.responder.added', {
      incident: reference('incidents', 'incident', 'The disk of db-1 is full'),
      user: reference('users', 'user', 'Jenny Rosen'),
      escalation_policy: reference('escalation_policies', 'escalation_policy', 'Default'),
      message: 'Please help with db-1.',
      state: 'pending',
      type: 'incident_responder',
    }),
  'incident.status_update_published': () =>
    about('incident.status_update_published', {
      incident: reference('incidents', 'incident', 'The disk of db-1 is full'),
      id: id(),
      message: 'A larger disk is being added.',
      trimmed: false,
      type: 'incident_status_update',
    }),
  'service.updated': () =>
    about('service.updated', {
      ...reference('services', 'service', 'Databases'),
      type: 'service',
      alert_creation: 'create_alerts_and_incidents',
      teams: [],
    }),
  'pagey.ping': () => about('pagey.ping', { message: 'Hello from your friend Pagey!', type: 'ping' }),
};

const id = () => `P${randomBytes(3).toString('hex').toUpperCase()}`;

const about = (type: string, data: object) => ({
  event: {
    id: randomUUID(),
    event_type: type,
    resource_type: type.split('.')[0],
    occurred_at: new Date().toISOString(),
    agent: null,
    client: null,
    data,
  },
});

function reference(path: string, type: string, summary: string) {
  const one = id();
  return {
    html_url: `https://example.pagerduty.com/${path}/${one}`,
    id: one,
    self: `https://api.pagerduty.com/${path}/${one}`,
    summary,
    type: `${type}_reference`,
  };
}

function incident(status: 'triggered' | 'acknowledged' | 'resolved') {
  const { html_url, id: one, self } = reference('incidents', 'incident', '');
  return {
    id: one,
    type: 'incident',
    self,
    html_url,
    number: 2,
    status,
    incident_key: randomBytes(16).toString('hex'),
    created_at: new Date(Date.now() - 60_000).toISOString(),
    title: 'The disk of db-1 is full',
    service: reference('services', 'service', 'Databases'),
    assignees: [reference('users', 'user', 'Jenny Rosen')],
    escalation_policy: reference('escalation_policies', 'escalation_policy', 'Default'),
    teams: [],
    priority: null,
    urgency: 'high',
    resolve_reason: null,
  };
}
