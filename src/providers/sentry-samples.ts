import { randomBytes, randomInt } from 'node:crypto';

/** Bodies as Sentry's documentation shows them, shortened, each of a thing of its own. */
export const sentrySamples = {
  'issue.created': () => body('created', { issue: issue('unresolved', 'new') }),
  'issue.resolved': () => body('resolved', { issue: issue('resolved', null) }, user),
  'issue.assigned': () =>
    body(
      'assigned',
      { issue: { ...issue('unresolved', 'ongoing'), assignedTo: { type: 'user', id: '1', name: 'jenny' } } },
      user,
    ),
  'issue.unresolved': () => body('unresolved', { issue: issue('unresolved', 'regressed') }),
  'issue.archived': () => body('archived', { issue: issue('ignored', 'archived_until_escalating') }, user),
  'error.created': () => body('created', { error: error() }),
  'event_alert.triggered': () =>
    body('triggered', { event: error(), triggered_rule: 'Send a notification for new issues' }),
  'metric_alert.critical': () => metricAlert('critical'),
  'metric_alert.resolved': () => metricAlert('resolved'),
  'comment.created': () =>
    body(
      'created',
      {
        comment: 'It began with the last release.',
        project_slug: 'front-end',
        comment_id: number(),
        issue_id: number(),
        timestamp: new Date().toISOString(),
      },
      user,
    ),
  'installation.created': () => {
    const uuid = uuidOf(hex(16));
    const installation = {
      status: 'pending',
      organization: { slug: 'example' },
      app: { uuid: uuidOf(hex(16)), slug: 'everhook' },
      code: hex(16),
      uuid,
    };
    return { ...body('created', { installation }, user), installation: { uuid } };
  },
  'seer.root_cause_started': () => body('root_cause_started', { run_id: number(), group_id: number() }),
};

const hex = (bytes: number) => randomBytes(bytes).toString('hex');
const number = () => randomInt(1_000_000_000, 10_000_000_000);
const uuidOf = (text: string) => text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');

const application = { id: 'sentry', name: 'Sentry', type: 'application' };
const user = { id: 1, name: 'jenny', type: 'user' };

const body = (action: string, data: object, actor: object = application) => ({
  action,
  installation: { uuid: 'a8e5d37a-696c-4c54-adb5-b3f28d64c7de' },
  data,
  actor,
});

const issue = (status: string, substatus: string | null) => ({
  id: String(number()),
  shortId: 'FRONT-END-9',
  title: 'ReferenceError: total is not defined',
  culprit: '?(checkout)',
  level: 'error',
  status,
  substatus,
  statusDetails: {},
  assignedTo: null,
  count: '1',
  userCount: 1,
  firstSeen: new Date().toISOString(),
  lastSeen: new Date().toISOString(),
  platform: 'javascript',
  project: { id: '1', name: 'front-end', slug: 'front-end', platform: 'javascript' },
  type: 'error',
});

function error() {
  const id = hex(16);
  const issueId = String(number());
  const url = `https://sentry.example.com/organizations/example/issues/${issueId}`;
  return {
    event_id: id,
    issue_id: issueId,
    issue_url: `https://sentry.example.com/api/0/organizations/example/issues/${issueId}/`,
    url: `https://sentry.example.com/api/0/projects/example/front-end/events/${id}/`,
    web_url: `${url}/events/${id}/`,
    title: 'ReferenceError: total is not defined',
    culprit: '?(checkout)',
    level: 'error',
    platform: 'javascript',
    project: 1,
    datetime: new Date().toISOString(),
    type: 'error',
  };
}

function metricAlert(action: 'critical' | 'resolved') {
  const started = new Date(Date.now() - 600_000).toISOString();
  const id = String(number());
  return body(action, {
    metric_alert: {
      id,
      identifier: '1',
      organization_id: '5',
      projects: ['front-end'],
      title: 'Too many errors',
      alert_rule: {
        id: '7',
        name: 'Too many errors',
        aggregate: 'count()',
        time_window: 10,
        query: 'level:error',
      },
      date_created: started,
      date_detected: started,
      date_started: started,
      date_closed: action === 'resolved' ? new Date().toISOString() : null,
      status: action === 'resolved' ? 2 : 20,
      type: 2,
    },
    description_text: '1000 events in the last 10 minutes\nFilter: level:error',
    description_title: `${action === 'resolved' ? 'Resolved' : 'Critical'}: Too many errors`,
    web_url: 'https://sentry.example.com/organizations/example/alerts/1/',
  });
}
