import type { Plan } from '../accept.ts';
import { receive } from '../api/receive.ts';
import type { Mode } from '../config.ts';
import type { Gateway } from '../define.ts';
import { deliveryOf } from '../judge/captured.ts';
import type { CertificateLookup } from '../providers/provider.ts';
import { memoryBegins } from '../retention.ts';
import { turnId, workflowId } from '../workflow-id.ts';
import type { SignedRequest } from './signed-request.ts';

/** What a gateway makes of a request with one event. */
export interface ExpectedRun {
  readonly plan: Plan;
  /** Of the run that has the event: its own, or its key's. */
  readonly workflowId: string;
}

/**
 * What a request will start, by the gateway's own rules; undefined where it does not tell of one event. Throws
 * WebhookError where it would be refused.
 */
export async function expectedRun(
  { sources, routes }: Gateway,
  source: string,
  {
    url,
    proof,
    request: { headers, body },
    mode,
    certificate,
  }: {
    url: string;
    proof: unknown;
    request: SignedRequest;
    mode: Mode;
    certificate?: CertificateLookup | undefined;
  },
): Promise<ExpectedRun | undefined> {
  const { provider } = sources[source]!;
  const { events } = await receive(
    deliveryOf({ method: 'POST', url, headers: Object.entries(headers), body }, { receivedAt: new Date() }),
    {
      name: source,
      provider,
      proof,
      routes: routes[source],
      bodyLimitBytes: body.length,
      ...(certificate && { certificate }),
      ...(mode === 'journal' && { memoryBegins: (now) => memoryBegins(sources[source]!, now) }),
    },
    (accepted) => Promise.resolve(accepted.events.map(() => 'new' as const)),
    new Date(),
  );
  const [only] = events;
  if (only === undefined || events.length > 1) return undefined;
  const { plan, event } = only;
  const fed = plan.state === 'accepted' && plan.kind === 'feedBy';
  return { plan, workflowId: fed ? turnId(source, plan.workflow, plan.turnKey ?? '') : workflowId(event) };
}
