import type { ClickHouseActivities } from '../../activities/clickhouse/index.ts';
import type {
  ClickHouseKeyReshardInput,
  ClickHouseSplitInput,
  KeyReshardData,
  ReshardMove,
  RunReport,
  StepOf,
} from '../../src/runs/index.ts';
import { shardNumber, tableName } from '../../src/runs/index.ts';
import { domainRefs } from '../run/call.ts';
import type { ChildSpec } from '../run/children.ts';
import { onBehalf } from '../run/on-behalf.ts';
import { openRun } from '../run/open-run.ts';
import type { Run } from '../run/run.ts';
import { needed } from './moves/prepare.ts';

const clickhouse = domainRefs<ClickHouseActivities, 'clickhouse'>('clickhouse');

/**
 * Brings every row of a table that is sharded by a key to the shard that its key says, when the number or the weight of the
 * shards has changed: new rows are placed by the new rule first, then the old ones follow, partition by partition, each a run
 * of its own. It holds the table. Runbook: docs/clickhouse/key-reshard.md.
 */
export async function clickhouseKeyReshard(input: ClickHouseKeyReshardInput): Promise<RunReport> {
  return openRun('clickhouse.key-reshard', input, async (run) => {
    // What has been planned, for the look after the approval: the table takes rows all the while.
    const before: { approved?: readonly string[] } = {};
    const plan = await run.plan(clickhouse.planKeyReshard, async () => ({ ...input, ...before }));
    const { data } = plan;
    if (data.idle) return;
    before.approved = data.placed;
    await run.approval(plan);
    if (data.newRule) await switchTheRule(run, data);
    const { cluster, table } = data;
    const slow = { profile: 'slow' } as const;
    const { moves, left } = needed(
      await run.step('find the rows that lie elsewhere', clickhouse.findMisplaced, data, slow),
    );
    const gate = { title: 'look at the health of the cluster', ref: clickhouse.checkHealth, input: { cluster, table } };
    const done = await run.children(
      moves.map((move, at) => splitRun(input, move, at)),
      { window: 1, pauseMs: 0, gate },
    );
    run.measure('partitionsSplit', done.filter(Boolean).length);
    run.measure(
      'rowsMoved',
      moves.reduce((sum, { rows }, at) => sum + (done[at] ? rows : 0), 0),
    );
    const made = moves.filter((_, at) => done[at]);
    // What this run has no room for, another one does: the proof is of what was done, and says so.
    const proof = left > 0 ? { ...data, only: made } : data;
    run.measure('splitsLeft', left);
    await run.step('prove the placement', clickhouse.provePlacement, proof, slow);
  });
}

/** A block that is tried again across the change would go to another shard, which does not know it: open partitions are held. */
async function switchTheRule(run: Run<StepOf<'clickhouse.key-reshard'>>, data: KeyReshardData): Promise<void> {
  const { cluster, table } = data;
  const name = tableName(table);
  const { open } = needed(await run.step('see which partitions take rows', clickhouse.findOpen, data));
  const held = open.map((partition) => ({ cluster, table, name, partition }));
  for (const of of held)
    await run.step(`hold the ingest of ${of.partition}`, clickhouse.holdIngest, of, { undo: true });
  // Never taken back: with the former rule, new rows would leave the shard that the splits bring the old ones to.
  await run.step('have new rows placed by the new rule', clickhouse.switchRule, data);
  for (const of of held)
    await run.step(`let the ingest of ${of.partition} go on`, clickhouse.openIngest, of, { leavesNothing: true });
}

/** Each a wave of its own: two splits of one partition have the same lock. */
function splitRun(input: ClickHouseKeyReshardInput, move: ReshardMove, at: number): ChildSpec<'clickhouse.split'> {
  const { cluster, table } = input;
  const { partition, from, to, buckets } = move;
  const split: ClickHouseSplitInput = {
    ...{ cluster, table, partition, from: shardNumber(from), to: shardNumber(to), buckets },
    ...onBehalf(input),
  };
  const title = `move rows of ${partition} from ${from} to ${to}`;
  return { title, kind: 'clickhouse.split', input: split, wave: at + 1, alone: [from, to] };
}
