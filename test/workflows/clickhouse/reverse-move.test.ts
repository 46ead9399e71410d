import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { expect, test } from 'vitest';
import { digestSum } from '../../../activities/clickhouse/partition/move.ts';
import { pause } from '../../../lab/clock.ts';
import { rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import type { RunUnder } from '../../../src/client/index.ts';
import { watchRun } from '../../../src/client/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, stopping } from '../../support/lab.ts';
import { movePolicies, reportOfRun, startMoveRig } from '../../support/move-rig.ts';
import type { MoveScene } from '../../support/move-scene.ts';
import { day, moveScene, partition, seededBlocks } from '../../support/move-scene.ts';
import { useTemporal } from '../../support/temporal.ts';

const seeded = seededBlocks * rowsPerBlock;
const all = seeded + rowsPerBlock;

await describeWith(['temporal', 'clickhouse'], 'the way back of a move by a move in the other direction', () => {
  const server = useTemporal();
  const lab = clickhouseRig();
  const digestOn = async (node: string, { name }: MoveScene) =>
    (await lab.open(node)).digest({ ...name, partitionId: partition });
  const done = async (run: Promise<WorkflowHandle>) => {
    const report = await reportOfRun(await run);
    expect(report).toMatchObject({ outcome: 'done', leftBehind: [] });
    return report;
  };
  /** Every row of the ledger once, asked through a server of each shard. */
  const clean = async ({ inserter }: MoveScene): Promise<void> => {
    for (const node of ['s1r2', 's2r1'])
      expect(await inserter.verify(lab.cluster.node(node))).toMatchObject({
        ...{ lostRows: 0, doubledRows: 0, foreignRows: 0 },
      });
  };

  test('is planned once the target got another row, says so beforehand, and brings every row back, each once', async () => {
    const set = await moveScene(lab, server());
    const { rig, rows, inserter } = set;
    const moved = await digestOn('s1r1', set);
    await done(rig.move(partition, 1, 2));
    await inserter.seed(2, day, 1);
    const together = await digestOn('s2r1', set);

    const dry = await reportOfRun(
      await rig.start('clickhouseUndoMove', `dry-run/${set.full}`, { partition, dryRun: true }),
    );
    expect(dry.outcome).toBe('planned');
    expect(dry.plan?.title).toContain('by a move in the other direction');
    expect(dry.plan?.facts).toContainEqual({
      label: 'why not by what shard 1 kept',
      value: `shard 2 has ${all} rows of ${partition}, and ${seeded} were moved there`,
    });
    expect(dry.plan?.facts).toContainEqual({ label: 'rows on shard 1 afterwards', value: String(all) });
    expect(await rows()).toEqual([0, 0, all, all]);

    const report = await done(rig.undo(partition, { reason: 'shard 2 is to be rebuilt' }));
    expect(report.plan?.hash).toBe(dry.plan?.hash);
    expect(report.steps).toMatchObject([
      { step: 'clickhouse.move', state: 'done', run: { workflowId: `clickhouse/metrics/${set.full}/${partition}` } },
    ]);
    expect(await rows()).toEqual([all, all, 0, 0]);
    for (const node of ['s1r1', 's1r2']) expect(await digestOn(node, set)).toEqual(together);
    expect(together.rows).toBe(moved.rows + rowsPerBlock);
    await clean(set);

    // And that one can be taken back by what shard 2 kept, though shard 1 still has the first move's parts in `detached`.
    expect((await done(rig.undo(partition))).plan?.title).toContain('attaches what it kept');
    expect(await rows()).toEqual([0, 0, all, all]);
    for (const node of ['s2r1', 's2r2']) expect(await digestOn(node, set)).toEqual(together);
    await clean(set);
  });

  test('takes the rows that the target had of its own along, and leaves those that the source has', async () => {
    const set = await moveScene(lab, server());
    const { rig, rows, inserter } = set;
    await inserter.seed(2, day, 1);
    await done(rig.move(partition, 1, 2));
    // Late rows of the source stay there.
    await inserter.seed(1, day, 1);
    const both = digestSum(await digestOn('s1r1', set), await digestOn('s2r1', set));
    expect((await done(rig.undo(partition))).plan?.facts).toContainEqual({
      label: 'rows on shard 1 afterwards',
      value: String(all + rowsPerBlock),
    });
    expect(await rows()).toEqual([all + rowsPerBlock, all + rowsPerBlock, 0, 0]);
    for (const node of ['s1r1', 's1r2']) expect(await digestOn(node, set)).toEqual(both);
    await clean(set);
  });

  test('an approval of the one way is not one of the other: a row that comes meanwhile voids it', async () => {
    const kinds = { 'clickhouse.undo-move': { approval: { people: 1 } } };
    const set = await moveScene(lab, server(), { policies: { ...movePolicies, kinds } });
    const { rig, rows, inserter } = set;
    await done(rig.move(partition, 1, 2));
    const run = await rig.undo(partition);
    const { plan } = await rig.reaches(run, 'awaiting-approval');
    expect(plan?.title).toContain('attaches what it kept');
    await inserter.seed(2, day, 1);
    await rig.tell(run, 'approve', { planHash: plan?.hash });
    await expect(run.result()).rejects.toMatchObject({
      cause: { type: 'PLAN_CHANGED', message: expect.stringContaining('in the other direction') as string },
    });
    expect(await rows()).toEqual([0, 0, all, all]);
  });

  test('what was moved counts as no write, merged or not, and waits for no closedAfter; what came since does', async () => {
    const set = await moveScene(lab, server());
    const { rig, rows, inserter, full } = set;
    const before = await digestOn('s1r1', set);
    const moved = await done(rig.move(partition, 1, 2));
    const proof = moved.steps.find(({ step }) => step === 'clickhouse.prove-move')?.after;
    const { kept } = proof as { kept: { on: { server: string; folder: string; parts: string }[] } };
    expect(kept.on.map((one) => one.server).sort()).toEqual(['s1r1', 's1r2']);
    for (const { folder, parts } of kept.on)
      expect(readdirSync(folder).filter((name) => name.startsWith(parts.replace('*', ''))).length).toBeGreaterThan(0);
    // What the report says is to be removed once the time is over.
    set.emptyDetached(1);
    const strict = stopping(
      await startMoveRig({
        ...{ server: server(), cluster: lab.cluster, table: full, stateDir: join(rig.reportFolder, '..') },
        settings: { closedAfter: '10h' },
      }),
    );
    await lab.run('s2r1', `OPTIMIZE TABLE ${full} PARTITION ${partition} FINAL`);
    await inserter.seed(2, day, 1);
    const open = await strict.undo(partition);
    await expect(open.result()).rejects.toMatchObject({ cause: { type: 'CLICKHOUSE_PARTITION_OPEN' } });
    expect(await rows()).toEqual([0, 0, all, all]);

    const other = await moveScene(lab, server());
    const digest = await digestOn('s1r1', other);
    await done(other.rig.move(partition, 1, 2));
    other.emptyDetached(1);
    await lab.run('s2r1', `OPTIMIZE TABLE ${other.full} PARTITION ${partition} FINAL`);
    const back = stopping(
      await startMoveRig({
        ...{ server: server(), cluster: lab.cluster, table: other.full },
        stateDir: join(other.rig.reportFolder, '..'),
        settings: { closedAfter: '10h', fence: { kind: 'quiet', for: '10h' } },
      }),
    );
    const report = await done(back.undo(partition));
    expect(report.plan?.facts).toContainEqual({
      label: 'why not by what shard 1 kept',
      value: `s1r1 has not kept its parts of ${partition}`,
    });
    expect(await other.rows()).toEqual([seeded, seeded, 0, 0]);
    for (const node of ['s1r1', 's1r2']) expect(await digestOn(node, other)).toEqual(digest);
    expect(before.rows).toBe(digest.rows);
    await clean(other);
  });

  test('shows those who watch it how its move stands, and for how long the copy has run', async () => {
    let slow = false;
    const set = await moveScene(lab, server(), {
      before: async (call) => {
        if (slow && call === 'clickhouse.fetchPartition') await pause(4_000);
      },
    });
    await done(set.rig.move(partition, 1, 2));
    slow = true;
    const run = await set.rig.undo(partition, { reverse: true });
    const seen: RunUnder[] = [];
    await watchRun(server().client, run.workflowId, ({ under = [] }) => seen.push(...under), { under: true });
    const copies = seen.flatMap(({ copy }) => (copy ? [copy] : []));
    expect(seen.map(({ status }) => status.kind)).toContain('clickhouse.move');
    expect(Math.max(...copies.map(({ ms }) => ms))).toBeGreaterThan(1_000);
    for (const { bytes, fetchedBytes } of copies) {
      expect(bytes).toBeGreaterThan(0);
      // 18.16 can't say.
      expect(fetchedBytes).toBeUndefined();
    }
  });

  test('over parts that its source had detached before, leaves late rows to a person, and loses and doubles none', async () => {
    let late = async (): Promise<void> => undefined;
    const set = await moveScene(lab, server(), {
      before: async (call) => {
        if (call !== 'clickhouse.detachPartition') return;
        const now = late;
        late = async () => undefined;
        await now();
      },
    });
    const { rig, rows, inserter, full } = set;
    // There and back, and there again: shard 2 still has in `detached` what it gave away the first time.
    await done(rig.move(partition, 1, 2));
    await done(rig.undo(partition, { reverse: true }));
    set.emptyDetached(1);
    await done(rig.move(partition, 1, 2));
    late = () => inserter.seed(2, day, 1);
    const undo = await rig.undo(partition, { reverse: true });
    const child = server().client.workflow.getHandle(`clickhouse/metrics/${full}/${partition}`);
    await expect.poll(async () => (await child.describe()).status.name).toBe('RUNNING');
    const { parked } = await rig.reaches(child, 'parked');
    expect(parked?.trouble).toMatchObject({ code: 'CLICKHOUSE_ALREADY_DETACHED' });
    const [name] = /20260101_\d+_\d+_0/.exec(parked?.trouble.message ?? '') ?? [];
    // Out of sight, and not lost: a person sees on the host that it is of now, and attaches it.
    expect(await rows()).toEqual([seeded, seeded, 0, 0]);
    await lab.run('s2r1', `ALTER TABLE ${full} ATTACH PART '${name}'`);
    await rig.tell(child, 'resolve', { action: 'retry', reason: 'attached by hand' });
    expect(await reportOfRun(undo)).toMatchObject({ outcome: 'done' });
    expect(await rows()).toEqual([seeded, seeded, rowsPerBlock, rowsPerBlock]);
    await clean(set);
  });
});
