import { proxyActivities, setCurrentDetails } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';
import type { SlackEvent } from '../providers/slack-events.ts';
import { limits } from './limits.ts';
import { refOf } from './ref-of.ts';

const { respondInSlack } = proxyActivities<Activities>(limits.slack);

/** A line of chat at most; Slack takes 40,000. */
const longestText = 2000;

/** Answers a Slack command over its response_url: says to its user, and to nobody else, that it has been taken. */
export async function answerCommand(
  event: SlackEvent<'command'>,
): Promise<{ answer: 'sent' | 'written' | 'no_response_url' }> {
  const { command, text = '', response_url: responseUrl } = event.payload;
  const answer =
    responseUrl === undefined ? 'no_response_url' : await respond(event, `${command} ${text}`.trim());
  setCurrentDetails(`${command}: answer ${answer}`);
  return { answer };
}

async function respond(event: SlackEvent<'command'>, line: string): Promise<'sent' | 'written'> {
  const { outcome } = await respondInSlack.executeWithOptions({ summary: 'answer' }, [
    {
      event: refOf(event),
      responseUrl: event.payload.response_url,
      message: { response_type: 'ephemeral', text: `Taken: ${plain(line.slice(0, longestText))}` },
    },
  ]);
  return outcome;
}

/** As it was typed: neither a mention nor a link. docs.slack.dev/messaging/formatting-message-text#escaping */
const plain = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
