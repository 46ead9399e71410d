import type { DrainShardData } from '../../../src/runs/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { waitingOn } from '../cluster/waiting.ts';

export type QueuesInput = Pick<DrainShardData, 'cluster' | 'listedAs' | 'shard'>;
export type QueuesSeen = { waiting: readonly string[]; unknown: readonly string[] };

/** What waits is sent within seconds while its target answers. */
const withinMs = 60_000;

/**
 * No acknowledged row waits in a Distributed table for the shard, nor on one of its servers for any: it would go with the
 * server, or come to the shard after it was proven empty.
 */
export const proveQueues = defineStep<QueuesInput, QueuesSeen, ClickHouseDeps>({
  name: 'clickhouse.prove-queues',
  settleMs: 0,
  probe: async (input, { clusters }, context) => {
    const seen = await look(await clusters(input.cluster), input, context);
    if (seen.unknown.length > 0) {
      const words = `${seen.unknown.join(', ')} cannot say which rows wait there, and the platform file has no program that can`;
      return blocked('CLICKHOUSE_QUEUE_UNKNOWN', seen, words);
    }
    if (seen.waiting.length > 0) return todo(seen, seen.waiting.join('; '));
    return done(seen, `nothing waits for shard ${input.shard}, nor on its servers`);
  },
  apply: async (input, _seen, { clusters }, context) => {
    const access = await clusters(input.cluster);
    const startedAt = performance.now();
    for (;;) {
      const { waiting } = await look(access, input, context);
      if (waiting.length === 0) return;
      if (performance.now() - startedAt > withinMs)
        throw new GantryError('CLICKHOUSE_QUEUE_NOT_EMPTY', waiting.join('; '));
      await wait(500, context.signal);
    }
  },
});

async function look(
  access: ClickHouseClusterAccess,
  { shard, listedAs }: QueuesInput,
  context: StepContext,
): Promise<QueuesSeen> {
  const waiting: string[] = [];
  const unknown: string[] = [];
  await Promise.all(
    access.config.nodes.map(async ({ name: server, shard: of }) => {
      const said = await waitingOn(access, { server, listedAs, ...(of === shard ? {} : { towards: shard }) }, context);
      if (said) waiting.push(...said);
      else unknown.push(server);
    }),
  );
  return { waiting: waiting.sort(), unknown: unknown.sort() };
}
