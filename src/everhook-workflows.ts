/** What a workflows file may take from the package, safe inside the sandbox: workflows to re-export, and `follow`. */
export * from './workflows/index.ts';
export { follow } from './workflows/follow.ts';
export type { Followed } from './workflows/follow.ts';
