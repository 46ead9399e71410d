import type { Hook, HookFailure, HookTarget } from '../../src/drivers/hook/index.ts';
import { commandHook, sshHook } from '../../src/drivers/hook/index.ts';
import type { SecretRef } from '../../src/platform/index.ts';

/** Where a hook of the platform file runs its programs, and how it proves what they did. */
export type HookSource = { confirm: readonly string[] } & (
  { kind: 'command' } | { kind: 'ssh'; host: string; user: string; hostKey: string; privateKey: SecretRef }
);

const sshPort = 22;

/** One program of a hook of the platform file. @throws SECRET_NOT_FOUND from `secret` */
export function platformHook(
  source: HookSource,
  { name, run }: { name: string; run: readonly string[] },
  target: HookTarget,
  failure: HookFailure,
  secret: (ref: SecretRef) => string,
): Hook {
  const { confirm } = source;
  if (source.kind === 'command') return commandHook({ name, run, confirm }, target, failure);
  const { host, user, hostKey, privateKey } = source;
  return sshHook({ name, run, confirm, host, user, hostKey, port: sshPort }, secret(privateKey), target, failure);
}
