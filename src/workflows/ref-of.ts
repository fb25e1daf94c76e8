import type { EventRef, WebhookEvent } from '../event.ts';

/** What an activity needs of an event to name its effects. */
export const refOf = ({ source, id }: WebhookEvent): EventRef => ({ source, id });
