import { WebhookError } from '../errors.ts';
import type { DeliveryHeaders } from './provider.ts';

/** The media type of a request, in lower case, without its parameters. */
export const mediaType = (headers: DeliveryHeaders): string | undefined =>
  headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();

/** Whether a request says that it is a form. */
export const isForm = (headers: DeliveryHeaders): boolean =>
  mediaType(headers) === 'application/x-www-form-urlencoded';

/**
 * The fields of a form, in their order (application/x-www-form-urlencoded: url.spec.whatwg.org). Unlike
 * URLSearchParams it refuses escapes that are none, or no UTF-8: throws WebhookError `not_form`, `not_utf8`.
 */
export const formFields = (text: string): [name: string, value: string][] =>
  text
    .split('&')
    .filter((field) => field !== '')
    .map((field) => {
      const at = field.indexOf('=');
      const [name, value] = at < 0 ? [field, ''] : [field.slice(0, at), field.slice(at + 1)];
      return [decoded(name), decoded(value)];
    });

/** The one value of a field; undefined where there is none. Throws WebhookError where there are more. */
export function formField(fields: readonly (readonly [string, string])[], name: string): string | undefined {
  const values = fields.filter(([field]) => field === name);
  if (values.length > 1)
    throw new WebhookError('payload_unreadable', { reason: 'field_repeated', note: name });
  return values[0]?.[1];
}

function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  if (/%(?![0-9a-f]{2})/i.test(spaced)) {
    throw new WebhookError('payload_unreadable', { reason: 'not_form', note: 'an escape that is none' });
  }
  try {
    return decodeURIComponent(spaced);
  } catch (cause) {
    throw new WebhookError('payload_unreadable', { reason: 'not_utf8', cause });
  }
}
