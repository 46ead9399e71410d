import type { Hook, HookFailure, HookTarget } from '../../../src/drivers/programs/index.ts';
import { confirmedPrograms } from '../../../src/drivers/programs/index.ts';
import type { SecretRef } from '../../../src/platform/index.ts';
import type { ProgramSource } from '../../run/program-place.ts';
import { programPlace } from '../../run/program-place.ts';

/** Where a hook of the platform file runs its programs, and how it proves what they did. */
export type HookSource = { confirm: readonly string[] } & ProgramSource;

/** One program of a hook of the platform file. @throws SECRET_NOT_FOUND from `secret` */
export function platformHook(
  source: HookSource,
  { name, run }: { name: string; run: readonly string[] },
  target: HookTarget,
  failure: HookFailure,
  secret: (ref: SecretRef) => string,
): Hook {
  return confirmedPrograms(programPlace(source, secret), { name, run, confirm: source.confirm }, target, failure);
}
