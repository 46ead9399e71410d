import { z } from 'zod';
import type { Problem } from '../../errors/index.ts';
import type { RedisGuardInput } from '../../runs/index.ts';
import { guardKind, guardModes } from '../../runs/index.ts';
import { name, runFields } from '../fields.ts';
import { validateWith } from '../validate.ts';

const input: z.ZodType<RedisGuardInput> = z.strictObject({
  group: name.describe('The Redis group, by its name in the platform file.'),
  mode: z
    .enum(guardModes)
    .exactOptional()
    .describe('What is done about a dead primary. Default: the group’s `failover.mode`, as it is at that time.'),
  requestedBy: runFields.requestedBy,
  reason: runFields.reason,
});

/** What is to be known of guards outside workflows. A guard is no kind of run: it has no plan, no approval and no lock. */
export const redisGuard = {
  summary:
    'Watch a Redis group all the time: offset, lag, drift; depending on its mode, start the failover of a dead primary',
  input,
  /** To paste into the Temporal UI. */
  example: { group: 'sessions', mode: 'ask', requestedBy: 'ann@example.com' } satisfies RedisGuardInput,
  docs: 'docs/redis/guard.md',
} as const;

/** Everything that the schema refuses in the input of a guard, each with its path. */
export function validateGuardInput(given: unknown): Problem[] {
  return validateWith(guardKind, input, given);
}
