import { createTransport } from 'nodemailer';
import { writeStandIn } from '../stand-in-file.ts';
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
    const name = `${message.messageId.slice(1).replace(/@[^@]*$/, '')}.eml`;
    await writeStandIn(folder, name, text as Buffer);
  };
}
