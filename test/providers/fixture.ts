import { readFileSync } from 'node:fs';

/** The bytes of a file in `fixtures`: `alertmanager/firing.json`. */
export const fixture = (name: string): Buffer => readFileSync(new URL(`./fixtures/${name}`, import.meta.url));
