import { randomUUID } from 'node:crypto';
import { pointerPath } from './json.ts';

/** One sample, `example`, of a sender of which no more is known than where it says id and type. */
export const sampleAt = ({
  id,
  type = '/type',
}: {
  id?: string | undefined;
  type?: string | undefined;
}): Record<'example', () => unknown> => ({
  example() {
    const body = {};
    put(body, type, 'example');
    // Without a place for an id the body is the id, and must be another each time.
    put(body, id === undefined || id.startsWith('header:') ? '/sample' : id, randomUUID());
    return body;
  },
});

function put(target: object, location: string, value: string): void {
  if (location.startsWith('header:')) return;
  const steps = pointerPath(location);
  const last = steps.pop();
  if (last === undefined) return;
  const holder = steps.reduce((inner, step) => own(inner, step), target);
  define(holder, last, value);
}

function own(target: object, step: string): object {
  const found = Object.hasOwn(target, step) ? (target as Record<string, unknown>)[step] : undefined;
  if (typeof found === 'object' && found !== null) return found;
  const made = {};
  define(target, step, made);
  return made;
}

const define = (target: object, name: string, value: unknown): void =>
  void Object.defineProperty(target, name, { value, enumerable: true, writable: true, configurable: true });
