import { source } from './define.ts';
import {
  alertmanager,
  datadog,
  github,
  grafana,
  pagerduty,
  payment,
  sentry,
  stripe,
} from './providers/index.ts';

/** Who may send, under the name that the URL, the proofs and the workflow ids carry. */
export const sources = {
  stripe: source(stripe()),
  github: source(github()),
  alertmanager: source(alertmanager()),
  grafana: source(grafana()),
  pagerduty: source(pagerduty()),
  datadog: source(datadog()),
  sentry: source(sentry()),
  payment: source(payment()),
};
