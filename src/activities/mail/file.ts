import { mkdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import type { Transport } from './mail.ts';

/**
 * Writes mail to files instead of sending it: `<folder>/<message name>.eml`, which an attempt that
 * comes again overwrites.
 */
export function mailFiles(folder: string, from: string): Transport {
  const transporter = createTransport({
    streamTransport: true,
    buffer: true,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return async (message) => {
    const { message: text } = await transporter.sendMail({ from, ...message });
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, `${message.messageId.slice(1).replace(/@[^@]*$/, '')}.eml`);
    const draft = `${file}.${process.pid}.draft`;
    await writeFile(draft, text as Buffer, { mode: 0o600 });
    await rename(draft, file);
  };
}
