import { z } from 'zod';
import type { OAuthClient, Question, Reply } from '../providers/provider.ts';

/** Gives a client's token; another than the one that was refused. */
export type TokenOf = (client: OAuthClient, not?: { readonly refused: string }) => Promise<string>;

interface Token {
  readonly text: string;
  readonly until: number;
}

/** How long before its end a token is no longer used, in milliseconds. */
const marginMs = 60_000;

// RFC 6749, 5.1 and A.12: visible characters, so that no header's error ever has to show it.
const grant = z.object({
  access_token: z.string().regex(/^[!-~]{1,4096}$/),
  expires_in: z.number().optional(),
});

/**
 * Fetches the tokens of OAuth clients (RFC 6749, 4.4) and keeps each until shortly before it expires. All who ask at once
 * share a fetch; a failure is kept for nobody.
 */
export function createTokens(send: (request: Omit<Question, 'client'>) => Promise<Reply>): TokenOf {
  const tokens = new Map<string, Promise<Token>>();

  const begin = (key: string, client: OAuthClient): Promise<Token> => {
    const begun = fetchToken(client, send);
    tokens.set(key, begun);
    begun.catch(() => tokens.get(key) === begun && tokens.delete(key));
    return begun;
  };

  return async (client, { refused } = { refused: '' }) => {
    const key = JSON.stringify([client.tokenUrl, client.id, client.secret]);
    const kept = tokens.get(key);
    const token = await kept;
    if (token !== undefined && token.text !== refused && token.until > Date.now()) return token.text;
    // Who comes second finds the fetch that the first one began.
    const current = tokens.get(key);
    const { text } = await (current === undefined || current === kept ? begin(key, client) : current);
    return text;
  };
}

async function fetchToken(
  { tokenUrl, id, secret }: OAuthClient,
  send: (request: Omit<Question, 'client'>) => Promise<Reply>,
): Promise<Token> {
  const { status, text } = await send({
    method: 'POST',
    url: tokenUrl,
    headers: {
      authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}`,
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: Buffer.from('grant_type=client_credentials'),
  });
  const { host } = new URL(tokenUrl);
  if (status !== 200) throw new Error(`${host} gives no token: it answered ${status}`);
  const granted = grant.safeParse(parsed(text));
  if (!granted.success) throw new Error(`${host} gives no token: its answer holds none`);
  const { access_token, expires_in = 0 } = granted.data;
  return { text: access_token, until: Date.now() + expires_in * 1000 - marginMs };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
