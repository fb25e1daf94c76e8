import { randomInt } from 'node:crypto';

/** Notifications by the template of docs/providers/datadog.md, each with fresh ids and times. */
export const datadogSamples = {
  query_alert_monitor: () => notification('query_alert_monitor', 'Triggered'),
  metric_alert_monitor: () => notification('metric_alert_monitor', 'Recovered'),
  service_check: () => notification('service_check', 'No Data'),
};

const digits = (count: number) => Array.from({ length: count }, () => randomInt(1, 10)).join('');

function notification(eventType: string, transition: string) {
  const now = String(Date.now());
  return {
    id: digits(19),
    event_type: eventType,
    alert_id: '18692904',
    alert_transition: transition,
    alert_cycle_key: digits(19),
    aggreg_key: digits(32),
    alert_priority: 'P2',
    title: `[${transition}] High load on host:web-1`,
    body: 'The load of web-1 was over 4 during the last 5 minutes.',
    date: now,
    last_updated: now,
    link: 'https://app.datadoghq.com/monitors/18692904',
    tags: 'host:web-1,service:shop',
    org: { id: '415600', name: 'Example' },
  };
}
