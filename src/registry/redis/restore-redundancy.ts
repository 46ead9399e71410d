import { z } from 'zod';
import type { RedisRestoreRedundancyInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

const group = name.describe('The Redis group, by its name in the platform file.');
const target = { name: 'group', help: 'the Redis group, by its name in the platform file' };

/** As many sound replicas as the platform file declares. */
export const redisRestoreRedundancy = defineKind<RedisRestoreRedundancyInput>()({
  kind: 'redis.restore-redundancy',
  summary: 'Bring every declared node of a Redis group back as a sound replica, and restore the write safety',
  input: z.strictObject({ group, ...runFields }),
  example: { group: 'sessions', reason: 'sessions-3 has a new disk, CHG-1077', requestedBy: 'ann@example.com' },
  docs: 'docs/redis/restore-redundancy.md',
  target,
  options: [],
});
