export type { Hook, HookFailure, HookPrograms, HookTarget } from './hook.ts';
export { commandHook, filled, sshHook } from './hook.ts';
