import { messageName } from '../mail/message-id.ts';
import { writeStandIn } from '../stand-in-file.ts';
import type { ChatRequest } from './chat.ts';

/** Writes an answer to a file instead of sending it: `<folder>/<effect>.json`. Where it would have gone is a credential, and left out. */
export const chatFiles =
  (folder: string) =>
  async ({ effect, method, url, body }: ChatRequest): Promise<'written'> => {
    const text = `${JSON.stringify({ host: url.host, method, body }, undefined, 2)}\n`;
    await writeStandIn(folder, `${messageName(effect)}.json`, text);
    return 'written';
  };
