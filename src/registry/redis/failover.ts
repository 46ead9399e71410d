import { z } from 'zod';
import type { RedisFailoverInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

/** A dead primary is fenced and replaced. */
export const redisFailover = defineKind<RedisFailoverInput>()({
  kind: 'redis.failover',
  summary: 'Replace the dead primary of a Redis group: decide on several vantages, fence, promote, redirect',
  input: z.strictObject({
    group: name.describe('The Redis group, by its name in the platform file.'),
    to: name.exactOptional().describe('The replica that becomes primary. Default: the one with the highest offset.'),
    acknowledgeRecentFailover: z
      .boolean()
      .exactOptional()
      .describe('Fail over although there was a failover within `antiFlap`.'),
    acceptSplitBrainRisk: z
      .string()
      .min(10, { error: 'must say in words what is accepted' })
      .max(2_000)
      .exactOptional()
      .describe('What is accepted where no fence can be confirmed, in words. An operator must still approve the plan.'),
    acceptLossBytes: z
      .int()
      .min(0)
      .exactOptional()
      .describe('Replication bytes that may be lost without an approval. Default: the group’s `lossLimit`.'),
    lastKnownOffset: z
      .int()
      .min(0)
      .exactOptional()
      .describe('The dead primary’s last known replication offset: the loss is calculated from it.'),
    lastKnownAt: z.iso.datetime().exactOptional().describe('When that offset was read, by Temporal’s clock.'),
    lastReading: z
      .strictObject({
        node: name,
        minReplicasToWrite: z.int().min(0),
        minReplicasMaxLagSeconds: z.int().min(0),
        replicas: z.array(z.string().max(300)).max(100),
        ageMs: z.number(),
      })
      .exactOptional()
      .describe('What the dead primary last reported of itself; the lease relies on it. The guard reads it.'),
    ask: z.boolean().exactOptional().describe('An operator must approve, whatever the policy says.'),
    ...runFields,
  }),
  example: { group: 'sessions', reason: 'primary does not answer, INC-311', requestedBy: 'ann@example.com' },
  docs: 'docs/redis/failover.md',
  target: { name: 'group', help: 'the Redis group, by its name in the platform file' },
  options: [
    { flags: '--to <node>', field: 'to', help: 'the replica that becomes primary (default: the highest offset)' },
    {
      flags: '--acknowledge-recent-failover',
      field: 'acknowledgeRecentFailover',
      help: 'fail over although there was a failover a short while ago',
    },
    {
      flags: '--accept-split-brain-risk <words>',
      field: 'acceptSplitBrainRisk',
      help: 'what is accepted where no fence can be confirmed, in words',
    },
  ],
});
