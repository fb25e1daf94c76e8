import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { DiscordEvent } from '../providers/discord-events.ts';
import { limits } from './limits.ts';
import { refOf } from './ref-of.ts';

const { respondInDiscord } = proxyActivities<Activities>(limits.discord);

type Deferred = DiscordEvent<'command' | 'modal'>;

/** Follows up an interaction of Discord's that was deferred: its "is thinking …" becomes an answer. */
export async function followUpInteraction(
  event: Deferred,
): Promise<{ answer: 'sent' | 'written' | 'no_token' }> {
  const { token, application_id: applicationId } = event.payload;
  const name = nameOf(event.payload);
  const missing = typeof token !== 'string' || typeof applicationId !== 'string';
  const answer = missing ? 'no_token' : await respond(event, `Taken: ${name}`);
  setCurrentDetails(`${name}: answer ${answer}`);
  return { answer };
}

async function respond(event: Deferred, content: string): Promise<'sent' | 'written'> {
  const { token, application_id: applicationId } = event.payload;
  const { outcome } = await respondInDiscord.executeWithOptions({ summary: 'answer' }, [
    { event: refOf(event), applicationId, token, message: { content, allowed_mentions: { parse: [] } } },
  ]);
  return outcome;
}

/** A command by its name, a modal by its id. Typed as always there; without one it is the event's type. */
function nameOf({ data, type }: Deferred['payload']): string {
  const { name, custom_id: customId } = (data ?? {}) as { name?: unknown; custom_id?: unknown };
  if (typeof name === 'string') return `/${name}`;
  return typeof customId === 'string' ? customId : `interaction ${type}`;
}
