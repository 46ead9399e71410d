import { z } from 'zod';
import type { RedisRejoinInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

const group = name.describe('The Redis group, by its name in the platform file.');
const target = { name: 'group', help: 'the Redis group, by its name in the platform file' };

/** An old primary comes back as a replica. */
export const redisRejoin = defineKind<RedisRejoinInput>()({
  kind: 'redis.rejoin',
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
});
