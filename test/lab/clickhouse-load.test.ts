import { describe, expect, test } from 'vitest';
import { monotonicMs, pause, until } from '../../lab/clock.ts';
import { createBlockLedger } from '../../lab/load/block-ledger.ts';
import { createEvents, rowsPerBlock } from '../../lab/load/clickhouse-events.ts';
import type { InserterOptions } from '../../lab/load/clickhouse-inserter.ts';
import { createInserter } from '../../lab/load/clickhouse-inserter.ts';
import { startTotalsReader } from '../../lab/load/clickhouse-reader.ts';
import { clickhouseRig } from '../support/clickhouse-rig.ts';
import { describeWith, stopping } from '../support/lab.ts';

const [today, day] = ['2026-02-01', '2026-01-01'];
const clean = { lostRows: 0, doubledRows: 0, foreignRows: 0, examples: [] };

describe('the ledger of blocks', () => {
  test('bounds what may be seen by what was acknowledged and by what is on its way', () => {
    const ledger = createBlockLedger();
    for (const block of [0, 1, 2]) ledger.send(ledger.reserve(1), block === 2 ? today : day);
    ledger.settle(0, 'acknowledged');
    expect(ledger.bounds(day)).toEqual({ low: rowsPerBlock, high: 2 * rowsPerBlock });
    ledger.settle(1, 'unknown');
    expect(ledger.bounds(day)).toEqual({ low: rowsPerBlock, high: 2 * rowsPerBlock });
    expect(() => ledger.settle(1, 'acknowledged')).toThrow(/not in flight/);
  });
});

await describeWith(['clickhouse'], 'the ClickHouse load of the lab', () => {
  const rig = clickhouseRig();
  let tables = 0;
  async function load(options: Partial<InserterOptions> = {}) {
    tables += 1;
    const events = { cluster: 'metrics', database: 'load', table: `events${tables}` };
    await createEvents(rig.cluster.nodes, events);
    const shards = [1, 2].map((shard) => rig.cluster.shard(shard));
    const inserter = stopping(createInserter({ shards, events, today, perSecond: 25, lateDays: [day], ...options }));
    const server = rig.cluster.node('s1r1');
    const local = `load.${events.table}`;
    const reader = () =>
      stopping(
        startTotalsReader({
          server,
          table: `${local}_all`,
          days: [today, day],
          bounds: (of) => inserter.ledger.bounds(of),
        }),
      );
    return { inserter, server, local, reader };
  }

  test('what is acknowledged is there once, repeated blocks and late ones among it, and no total was wrong', async () => {
    const { inserter, server, reader } = await load({ repeatEvery: 3 });
    await inserter.seed(1, day, 20);
    const totals = reader();
    inserter.start();
    await until(async () => inserter.ledger.acknowledged() >= 60, 20_000);
    await inserter.stop();
    expect(await totals.stop()).toEqual([]);
    expect(totals.answers).toBeGreaterThan(5);
    expect(totals.failures).toBe(0);
    const verdict = await inserter.verify(server);
    expect(verdict).toMatchObject({ ...clean, acknowledgedRows: inserter.ledger.acknowledged() * rowsPerBlock });
    expect(verdict.visibleRows).toBe(verdict.acknowledgedRows);
    expect(inserter.ledger.bounds(day).low).toBeGreaterThan(20 * rowsPerBlock);
  });

  test('sends again what a killed server did not answer, to the other replica, and nothing is lost or doubled', async () => {
    const { inserter, server } = await load({ attemptMs: 1_000 });
    inserter.start();
    await pause(300);
    await rig.cluster.node('s2r1').kill();
    const before = inserter.ledger.acknowledged();
    await until(async () => inserter.ledger.acknowledged() > before + 20, 20_000);
    await rig.cluster.node('s2r1').restart();
    await inserter.stop();
    const r1 = await rig.open('s2r1');
    const table = { database: 'load', table: `events${tables}` };
    await until(async () => (await r1.replica(table))?.readOnly === false, 20_000, 100);
    await r1.syncReplica(table);
    expect(await inserter.verify(server)).toMatchObject(clean);
    expect(inserter.ledger.unknown()).toBe(0);
  });

  test('a fence holds back one day, the others go on, and lifting it sends what was held', async () => {
    const { inserter, server, local } = await load();
    inserter.start();
    await until(async () => inserter.ledger.bounds(day).low > 0, 10_000);
    await inserter.fence(day);
    const rows = async (of: string) =>
      Number(await rig.run('s1r1', `SELECT count() FROM ${local}_all WHERE day = '${of}'`));
    // Whichever replica answers may be behind the one that took the rows.
    const fenced = inserter.ledger.bounds(day).low;
    expect(await until(async () => (await rows(day)) === fenced, 10_000)).toBe(true);
    const steady = await rows(today);
    expect(await until(async () => inserter.held() >= 2 && (await rows(today)) > steady, 10_000)).toBe(true);
    expect(await rows(day)).toBe(fenced);
    inserter.lift(day);
    await inserter.stop();
    expect(await until(async () => (await rows(day)) > fenced, 10_000)).toBe(true);
    expect(await inserter.verify(server)).toMatchObject(clean);
  });

  test('sees rows that vanish and rows that double, for how long and by how many', async () => {
    const { inserter, server, local, reader } = await load();
    await inserter.seed(1, day, 2);
    const totals = reader();
    await pause(200);
    expect(totals.wrong()).toEqual([]);
    const partition = `PARTITION 20260101`;
    const fromMs = monotonicMs();
    await rig.run('s1r1', `ALTER TABLE ${local} DETACH ${partition}`);
    await pause(300);
    expect(await inserter.verify(server, 0)).toMatchObject({ lostRows: 2 * rowsPerBlock, visibleRows: 0 });
    await rig.run('s1r1', `ALTER TABLE ${local} ATTACH ${partition}`);
    await pause(200);
    const atMostMs = monotonicMs() - fromMs;
    await rig.run(
      's2r1',
      `ALTER TABLE ${local} FETCH ${partition} FROM '/clickhouse/tables/01/${local.replace('.', '_')}'`,
    );
    await rig.run('s2r1', `ALTER TABLE ${local} ATTACH ${partition}`);
    await pause(200);
    const [missing, doubled] = await totals.stop();
    expect(missing).toMatchObject({ day, over: 0, under: -2 * rowsPerBlock });
    expect(missing?.ms).toBeGreaterThanOrEqual(290);
    expect(missing?.ms).toBeLessThanOrEqual(atMostMs);
    expect(doubled).toMatchObject({ day, over: 2 * rowsPerBlock, under: 0 });
    expect(await inserter.verify(server)).toMatchObject({ lostRows: 0, doubledRows: 2 * rowsPerBlock });
  });
});
