import { z } from 'zod';
import type { RedisRejoinInput, RedisRestoreRedundancyInput } from '../runs/index.ts';
import type { KindEntry } from './entry.ts';
import { name, runFields } from './fields.ts';

const group = name.describe('The Redis group, by its name in the platform file.');
const target = { name: 'group', help: 'the Redis group, by its name in the platform file' };

/** An old primary comes back as a replica. */
export const redisRejoin: KindEntry<RedisRejoinInput> = {
  kind: 'redis.rejoin',
  domain: 'redis',
  verb: 'rejoin',
  summary:
    'Bring an old primary back as a replica: refuse its writes, keep its data, let it follow the present primary',
  input: z.strictObject({
    group,
    node: name.describe('The node that comes back, by its name in the platform file.'),
    ...runFields,
  }),
  example: { group: 'sessions', node: 'sessions-1', reason: 'rack is back, INC-311', requestedBy: 'ann@example.com' },
  docs: 'docs/redis/rejoin.md',
  target,
  second: { name: 'node', field: 'node', help: 'the node that comes back' },
  options: [],
};

/** As many sound replicas as the platform file declares. */
export const redisRestoreRedundancy: KindEntry<RedisRestoreRedundancyInput> = {
  kind: 'redis.restore-redundancy',
  domain: 'redis',
  verb: 'restore-redundancy',
  summary: 'Bring every declared node of a Redis group back as a sound replica, and restore the write safety',
  input: z.strictObject({ group, ...runFields }),
  example: { group: 'sessions', reason: 'sessions-3 has a new disk, CHG-1077', requestedBy: 'ann@example.com' },
  docs: 'docs/redis/restore-redundancy.md',
  target,
  options: [],
};
