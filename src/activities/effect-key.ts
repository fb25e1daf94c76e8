import { eventName, type EventRef } from '../event.ts';

/**
 * The key of one effect, `<source>:<event id>:<step>`: the same for every attempt, reset and replay, so
 * that who receives it can tell a repetition.
 */
export const effectKey = (event: EventRef, step: string): string => `${eventName(event)}:${step}`;
