import { join } from 'node:path';
import type { ActivityContext } from '../../define.ts';
import { ConfigError } from '../../errors.ts';
import { rowsOf } from '../rows-of.ts';
import { mailFiles } from './file.ts';
import { mail, type Transport } from './mail.ts';
import { smtp } from './smtp.ts';

export type { Mail, MailOutcome } from './mail.ts';

export type MailActivities = ReturnType<typeof mail>;

// A payment is fulfilled without a receipt too, and its run says so.
const users = ['recoverPayment', 'welcomeCustomer'];

/**
 * The mail activities: by SMTP_URL, in development to files without it. Throws ConfigError when a row
 * cannot do without mail and there is none.
 */
export const createMail = (context: ActivityContext): MailActivities => mail(createTransport(context));

function createTransport({ setting, development, home, routes }: ActivityContext): Transport | undefined {
  const url = setting('SMTP_URL');
  const from = setting('MAIL_FROM');
  if (from !== undefined && /\p{Cc}/u.test(from)) throw new ConfigError('MAIL_FROM has control characters');
  if (url !== undefined) {
    requireSmtp(url);
    if (from === undefined)
      throw new ConfigError('MAIL_FROM is not set: SMTP_URL is, and mail needs a sender');
    return smtp(url, from);
  }
  if (development) return mailFiles(join(home, 'mail'), from ?? 'Everhook <everhook@localhost>');
  const rows = rowsOf(routes, users);
  if (rows.length === 0) return undefined;
  throw new ConfigError(`SMTP_URL is not set: mail is what these rows do: ${rows.join(', ')}`);
}

/** The value stays out of the message: it may hold a password. */
function requireSmtp(value: string): void {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url && /^smtps?:$/.test(url.protocol) && url.hostname !== '') return;
  throw new ConfigError('SMTP_URL must be smtp://[user:password@]host[:port] or smtps://…');
}
