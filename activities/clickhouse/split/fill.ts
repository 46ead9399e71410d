import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { createStaging } from '../staging/make.ts';
import type { Manifest, Move } from '../partition/move.ts';
import { partitionOf, stagedPartition, stagingOf, stopMergesOn, withSide } from '../partition/move.ts';
import { earlierEnded } from '../access/earlier-ended.ts';
import type { Split } from './split.ts';
import { ruleOfTable } from './split.ts';

type Filled = { goRows: number; stayRows: number };

/** Filled whole by this attempt: what an earlier one left can't be told from a half. */
const filled = new WeakSet<StepContext>();

/**
 * Copies the rows that go into the target's staging table, through this worker, and those that stay into the source's. A
 * second attempt makes both again: an insert that was cut off is not continued.
 */
export const fillSplit = defineStep<{ split: Split; manifest: Manifest }, Filled, ClickHouseDeps>({
  name: 'clickhouse.fill-split',
  settleMs: 0,
  probe: async ({ split, manifest }, { clusters }, context) => {
    const access = await clusters(split.go.cluster);
    const rowsOf = (move: Move): Promise<number> =>
      withSide(access, move.target, context, async ([node]) => {
        const { partitionId, ...name } = stagedPartition(move);
        return (await node.parts(name, partitionId)).reduce((sum, { rows }) => sum + rows, 0);
      });
    const seen = { goRows: await rowsOf(split.go), stayRows: await rowsOf(split.stay) };
    const words = `${seen.goRows} rows go, ${seen.stayRows} stay, of ${manifest.rows}`;
    return filled.has(context) ? done(seen, words) : todo(seen, words);
  },
  apply: async ({ split: { go, stay, buckets }, manifest }, _seen, { clusters, log }, context) => {
    const access = await clusters(go.cluster);
    const rule = ruleOfTable(access, go);
    const startedAt = performance.now();
    await withSide(access, stay.target, context, async (sources) => {
      await startOver(access, sources, stay, context);
      await withSide(access, go.target, context, async (targets) => {
        await startOver(access, targets, go, context);
        context.progress({ copying: go.partition, rows: manifest.rows });
        const rows = await sources[0].bucketStream(partitionOf(go), rule, { in: buckets });
        await targets[0].insertStream(stagingOf(go), rows);
      });
      await sources[0].copyBuckets(partitionOf(stay), stagingOf(stay), rule, { out: buckets });
    });
    const ms = performance.now() - startedAt;
    context.measure('fillMs', ms);
    log.info({ table: go.table, partition: go.partition, rows: manifest.rows, ms }, 'partition split into copies');
    filled.add(context);
  },
});

/** An empty staging table, whatever an earlier attempt put into it. */
async function startOver(
  access: ClickHouseClusterAccess,
  nodes: readonly [ClickHouseNode, ...ClickHouseNode[]],
  move: Move,
  context: StepContext,
): Promise<void> {
  await earlierEnded(nodes[0], context);
  const { partitionId, ...name } = stagedPartition(move);
  const empty = await Promise.all(nodes.map(async (node) => (await node.parts(name, partitionId)).length === 0));
  if (!empty.every(Boolean)) {
    for (const node of nodes) await node.dropTable(stagingOf(move));
    await createStaging(access, nodes, move);
  }
  await stopMergesOn(nodes, stagingOf(move));
}
