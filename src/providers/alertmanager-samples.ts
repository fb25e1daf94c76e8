import { randomBytes } from 'node:crypto';

/** Notifications as Alertmanager 0.25 sends them, each of a group and an alert of its own. */
export const alertmanagerSamples = {
  firing: () => notification('firing'),
  resolved: () => notification('resolved'),
};

const minuteMs = 60_000;

function notification(status: 'firing' | 'resolved') {
  const fingerprint = randomBytes(8).toString('hex');
  const instance = `db-${fingerprint.slice(0, 4)}.example.com:9100`;
  const labels = { alertname: 'DiskFull', instance, severity: 'critical' };
  const annotations = { summary: `The disk of ${instance} is full` };
  const started = Date.now() - (status === 'firing' ? minuteMs / 2 : 30 * minuteMs);
  return {
    receiver: 'everhook',
    status,
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt: new Date(started).toISOString(),
        endsAt:
          status === 'firing' ? '0001-01-01T00:00:00Z' : new Date(Date.now() - minuteMs / 2).toISOString(),
        generatorURL: 'https://prometheus.example.com/graph?g0.expr=disk_free_ratio+%3C+0.05&g0.tab=1',
        fingerprint,
      },
    ],
    groupLabels: { alertname: 'DiskFull', instance },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: 'https://alertmanager.example.com',
    version: '4',
    groupKey: `{}:{alertname="DiskFull", instance="${instance}"}`,
    truncatedAlerts: 0,
  };
}
