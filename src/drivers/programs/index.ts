export type { Hook, HookFailure, HookPrograms, HookTarget, ProgramPlace } from './confirmed.ts';
export { confirmedPrograms, filled } from './confirmed.ts';
export type { ProgramEnd } from './run-local.ts';
export { runProgram } from './run-local.ts';
