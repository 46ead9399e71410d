import { describe, expect, it } from 'vitest';
import { changeLines } from '../../src/cli/render/changes.ts';
import { columns } from '../../src/cli/render/paint.ts';
import { treeLines } from '../../src/cli/render/tree.ts';
import { planRebalance } from '../../src/planning/clickhouse/index.ts';
import type { CopyProgress, RunStatus, StepRecord } from '../../src/runs/index.ts';
import { copyProgress } from '../../src/runs/index.ts';
import { cluster, GB, partition, planOf, policy, shard } from '../planning/clickhouse/facts.ts';
import { now, plan, status } from './statuses.ts';

const plain = { color: false, width: 200, now };
const ago = (ms: number) => new Date(now - ms).toISOString();

const facts = cluster([
  shard(
    'shard-1',
    [40, 40, 40, 40].map((size, at) => partition(`2026010${at + 1}`, size * GB)),
  ),
  shard('shard-2', []),
]);
const picture = planOf(planRebalance(facts, policy));
const id = (day: string) => `clickhouse/metrics/metrics.raw/${day}`;

const moved: StepRecord = {
  title: 'move 20260101 from shard-1 to shard-2',
  step: 'clickhouse.move',
  state: 'done',
  changed: true,
  after: {
    outcome: 'done',
    measurements: {
      ...{ movedRows: 400_000_000, lateRows: 0 },
      ...{ 'clickhouse.copy.fetchedBytes': 40 * GB, 'clickhouse.copy.fetchMs': 200_000 },
    },
  },
  summary: 'lateRows 0, movedRows 400000000',
  startedAt: ago(300_000),
  ms: 240_000,
  run: { workflowId: id('20260101'), runId: 'one', state: 'done' },
};
const moving: StepRecord = {
  title: 'move 20260102 from shard-1 to shard-2',
  step: 'clickhouse.move',
  state: 'running',
  changed: false,
  startedAt: ago(60_000),
  run: { workflowId: id('20260102'), runId: 'two', state: 'running' },
};
const rebalance = (steps: readonly StepRecord[], over: Partial<RunStatus> = {}): RunStatus =>
  status({
    ...{ kind: 'clickhouse.rebalance', target: 'metrics/metrics.raw', workflowId: 'clickhouse/metrics/metrics.raw' },
    plan: {
      ...{ ...plan, actions: [{ step: 'clickhouse.move', what: 'shard-1 → shard-2', reversible: true }] },
      picture: { kind: 'rebalance', plan: picture },
    },
    steps,
    ...over,
  });
const under = (title: string, copy?: CopyProgress, step = 'clickhouse.copy') => [
  {
    status: status({ runId: 'two', steps: [{ title, step, state: 'running', changed: true }] }),
    ...(copy ? { copy } : {}),
  },
];
const lines = (...given: Parameters<typeof under>) =>
  treeLines(rebalance([moved, moving]), plain, undefined, under(...given));

describe('the live view of moves', () => {
  it('shows the step of each move under way beneath it, how far the copy is, how fast, and all together', () => {
    expect(lines('copy the partition', { bytes: 40 * GB, fetchedBytes: 10 * GB, ms: 50_000 })).toEqual([
      'clickhouse.rebalance metrics/metrics.raw  running  10.0 s  clickhouse/metrics/metrics.raw',
      '├─ ✓ move 20260101 from shard-1 to shard-2  4 min 0 s  400,000,000 rows, 40 GB at 200 MB/s',
      `└─ ▶ move 20260102 from shard-1 to shard-2  1 min 0 s  ${id('20260102')} (running)`,
      '      copy the partition: 10 GB of 40 GB, 200 MB/s, about 2 min 30 s left',
      'moved 1 of 2 partitions, 40 GB of 80 GB, copied at 200 MB/s, about 5 min 0 s left',
    ]);
  });

  it('where the server cannot say how far a fetch is, says so, and for how long it has run', () => {
    expect(lines('copy the partition', { bytes: 40 * GB, ms: 50_000 })[3]).toBe(
      '      copy the partition: 40 GB for 50.0 s; this server cannot say how far',
    );
  });

  it('keeps the progress of a copy to the step that copies', () => {
    const copy = { bytes: 40 * GB, fetchedBytes: 40 * GB, ms: 200_000 };
    expect(lines('verify the copy', copy, 'clickhouseVerifyCopy')[3]).toBe('      verify the copy');
  });

  it('says which rows came late', () => {
    const after = { measurements: { movedRows: 10, lateRows: 3 } };
    const tree = treeLines(rebalance([{ ...moved, after }], { state: 'done' }), plain);
    expect(tree[1]).toContain('10 rows, 3 rows came late and stay');
    expect(tree.at(-1)).toBe('moved 1 of 2 partitions, 40 GB of 80 GB');
  });

  it('says nothing of moves while the plan waits, and for runs that have none', () => {
    const waiting = treeLines(rebalance([], { state: 'awaiting-approval' }), plain).join('\n');
    expect(waiting).not.toContain('moved 0');
    expect(treeLines(status(), plain).join('\n')).not.toContain('moved');
  });

  it('is told in a line where there is no terminal, and never wider than one that there is', () => {
    expect(changeLines(rebalance([{ ...moved, state: 'running' }]), rebalance([moved]))).toEqual([
      '✓ move 20260101 from shard-1 to shard-2: done in 4 min 0 s; 400,000,000 rows, 40 GB at 200 MB/s',
    ]);
    const copy = { bytes: 40 * GB, fetchedBytes: 10 * GB, ms: 50_000 };
    for (const line of treeLines(rebalance([moved, moving]), { ...plain, width: 40 }, undefined, under('copy', copy)))
      expect(columns(line)).toBeLessThanOrEqual(40);
  });
});

it('a heartbeat that is none of a copy is no progress', () => {
  expect(copyProgress({ bytes: 5, ms: 1 })).toEqual({ bytes: 5, ms: 1 });
  for (const other of [undefined, null, 'x', {}, { bytes: '5', ms: 1 }, { copying: '20260101', rows: 7 }])
    expect(copyProgress(other)).toBeUndefined();
});
