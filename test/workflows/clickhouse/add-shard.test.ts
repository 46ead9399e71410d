import { readdirSync, renameSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import { pause, until } from '../../../lab/clock.ts';
import { createEvents, rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import type { Inserter } from '../../../lab/load/clickhouse-inserter.ts';
import { createInserter } from '../../../lab/load/clickhouse-inserter.ts';
import { startTotalsReader } from '../../../lab/load/clickhouse-reader.ts';
import type { RunReport } from '../../../src/runs/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';
import { reportOf, restingTable } from '../../support/rebalance-rig.ts';
import type { HostFiles, ShardRig } from '../../support/shard-rig.ts';
import { hostFiles, queueProgram, startShardRig } from '../../support/shard-rig.ts';
import { useTemporal } from '../../support/temporal.ts';

const today = '2026-02-01';
const days = Array.from({ length: 6 }, (_, at) => `2026-01-0${at + 1}`);
const clean = { lostRows: 0, doubledRows: 0, foreignRows: 0, examples: [] };
/** Longer than it takes to fill the table: only today's partition is open then. */
const closedAfterMs = 4_000;
/** A loaded machine needs 20 s and more for each move. */
const longMs = 600_000;
const table = 'load.grown';
const totals = 'load.grown_totals';

await describeWith(['temporal', 'clickhouse'], 'a cluster of two shards', () => {
  const server = useTemporal();
  const lab = clickhouseRig();
  const events = { cluster: 'metrics', database: 'load', table: 'grown' };
  let hosts: HostFiles;
  let inserter: Inserter;
  let rig: ShardRig;
  const declared = {
    [table]: { ...restingTable(table), closedAfter: `${closedAfterMs}ms` },
    [totals]: { ...restingTable(totals), closedAfter: `${closedAfterMs}ms`, ignore: '64MiB' },
  };

  beforeAll(async () => {
    await createEvents(lab.cluster.nodes, events);
    for (const { name } of lab.cluster.nodes) {
      for (const statement of [
        `CREATE TABLE ${totals} (day Date, customer UInt64, value UInt64) ENGINE =
          ReplicatedSummingMergeTree('/clickhouse/tables/{shard}/load_grown_totals', '{replica}')
          PARTITION BY toYYYYMMDD(day) ORDER BY (day, customer)`,
        `CREATE TABLE ${totals}_all AS ${totals} ENGINE = Distributed(metrics, load, grown_totals, rand())`,
        `CREATE MATERIALIZED VIEW load.grown_feed TO ${totals} AS
          SELECT day, customer, sum(value) AS value FROM ${table} GROUP BY day, customer`,
        `CREATE VIEW load.a_view AS SELECT day, sum(value) AS value FROM ${totals}_all GROUP BY day`,
        `CREATE TABLE load.notes (text String) ENGINE = Log`,
      ])
        await lab.run(name, statement);
    }
    await lab.cluster.addShard();
    inserter = inserterOf([1, 2]);
    hosts = hostFiles(lab.cluster);
    rig = await startShardRig({
      server: server(),
      cluster: lab.cluster,
      tables: declared,
      membership: { hook: hosts.hook },
    });
  });
  afterAll(async () => {
    await rig?.stop();
    await hosts?.stop();
  });

  const inserterOf = (shards: readonly number[]) =>
    createInserter({ shards: shards.map((shard) => lab.cluster.shard(shard)), events, today, perSecond: 1 });
  const rowsOf = async (node: string, name = table): Promise<number> =>
    Number(await lab.run(node, `SELECT count() FROM ${name} WHERE day != '${today}'`));
  const listed = (node: string): Promise<string> =>
    lab.run(
      node,
      `SELECT DISTINCT concat(toString(shard_num), '=', toString(shard_weight)) FROM system.clusters
      WHERE cluster = 'metrics' ORDER BY shard_num`,
    );
  const titles = ({ steps }: RunReport): string[] => steps.map(({ title }) => title);
  const sumBy = (node: string, from: string): Promise<string> =>
    lab.run(node, `SELECT day, sum(value) FROM ${from} WHERE day != '${today}' GROUP BY day ORDER BY day`);

  test('a dry run says how a third one comes to it, and changes nothing', async () => {
    const report = await reportOf(await rig.run('clickhouseAddShard', 3, { dryRun: true }));
    expect(report).toMatchObject({ outcome: 'planned' });
    expect(report.plan?.title).toBe('Add shard 3 (s3r1, s3r2) to metrics');
    expect(report.plan?.actions.map(({ step, reversible }) => [step, reversible])).toEqual([
      ['clickhouse.make-schema', true],
      ['clickhouse.set-membership', true],
      ['clickhouse.canary', true],
      ['clickhouse.set-membership', false],
      ['clickhouse.canary', false],
      ['clickhouse.measure-shares', false],
      ['clickhouse.rebalance', false],
      ['clickhouse.rebalance', false],
      ['clickhouse.set-membership', false],
      ['clickhouse.canary', false],
    ]);
    expect(report.plan?.warnings.join()).toContain('load.notes (Log)');
    expect(await lab.run('s3r1', `SELECT count() FROM system.databases WHERE name = 'load'`)).toBe('0\n');
    expect(await listed('s1r1')).toBe('1=1\n2=1\n');
    expect(hosts.asked).toEqual([]);
  });

  test(
    'gets a third one under inserts and reads: every row once, in sight of every server, and its share on the new one',
    async () => {
      for (const [at, day] of days.entries()) await inserter.seed(1 + (at % 2), day, 40);
      await pause(closedAfterMs + 1_000);
      inserter.start();
      await until(async () => inserter.ledger.acknowledged() > 241, 20_000);
      const before = await sumBy('s1r1', `${totals}_all`);
      const reader = stopping(
        startTotalsReader({
          ...{ server: lab.cluster.node('s1r1'), table: `${table}_all`, days: [today, ...days], everyMs: 50 },
          bounds: (of) => inserter.ledger.bounds(of),
        }),
      );
      const report = await rig.through(await rig.run('clickhouseAddShard', 3));
      const wrong = await reader.stop();
      await inserter.stop();
      expect(report).toMatchObject({ outcome: 'done', pastNoReturn: true, leftBehind: [] });
      expect(titles(report)).toEqual([
        'make the tables on s3r1',
        'make the tables on s3r2',
        'list it on every server',
        'prove that it is read',
        'let rows come to it',
        'prove that rows come to it',
        'look at what is to move',
        `rebalance ${table}`,
        'give it its weight',
        'prove the weights',
      ]);
      // Without rows first, few then, its part at the end.
      expect(hosts.asked).toEqual(['1=1,2=1,3=0', '1=10,2=10,3=1', '1=1,2=1,3=1']);
      for (const { name } of lab.cluster.nodes) {
        expect(await listed(name)).toBe('1=1\n2=1\n3=1\n');
        expect(await inserter.verify(lab.cluster.node(name), 20_000)).toMatchObject(clean);
        expect(await lab.run(name, `SELECT count() FROM system.tables WHERE name LIKE 'gantry_canary%'`)).toBe('0\n');
      }
      const all = days.length * 40 * rowsPerBlock;
      const third = await rowsOf('s3r1');
      expect(third).toBe(await rowsOf('s3r2'));
      expect(third / all).toBeGreaterThan(0.25);
      expect(third / all).toBeLessThan(0.42);
      expect(wrong.filter(({ under }) => under < 0)).toEqual([]);
      // The roll-up of what was moved stays where it is: views fire on inserts alone.
      expect(await sumBy('s3r1', `${totals}_all`)).toBe(before);
      // What is inserted through the Distributed table now comes to the new shard too, and its own view feeds its totals.
      await lab.run(
        's1r2',
        `INSERT INTO ${table}_all SELECT toDate('2026-03-01'), number, 9000000000 + number, 1, NULL FROM numbers(300)`,
      );
      const came = async (): Promise<boolean> =>
        Number(await lab.run('s3r1', `SELECT sum(value) FROM ${totals} WHERE day = '2026-03-01'`)) > 50;
      expect(await until(came, 30_000, 200)).toBe(true);
      // Sums that would merge with those of another shard don't move (docs/clickhouse/move.md): as if they had expired.
      for (const name of ['s1r1', 's2r1', 's3r1'])
        await lab.run(name, `ALTER TABLE ${totals} DROP PARTITION ID '20260301'`);
    },
    longMs,
  );

  test('says that there is nothing to do when it is asked for again', async () => {
    const report = await reportOf(await rig.run('clickhouseAddShard', 3));
    expect(report).toMatchObject({ outcome: 'done', steps: [] });
    expect(report.plan?.title).toMatch(/^Nothing to do/);
  });

  test('does not drain a shard that the platform file gives rows to', async () => {
    const refused: unknown = await reportOf(await rig.run('clickhouseDrainShard', 3, { dryRun: true })).catch(
      (error: unknown) => (error as { cause?: unknown }).cause,
    );
    expect(refused).toMatchObject({ type: 'CLICKHOUSE_SHARD_NOT_MARKED' });
  });

  test(
    'drains it again, with rows that still wait for it: every row once on the others, nothing left on any replica',
    async () => {
      const waiting = await rowsThatWait();
      const marked = await startShardRig({
        ...{ server: server(), cluster: lab.cluster, tables: declared },
        membership: { hook: hosts.hook, weights: { 3: 0 }, queues: queueProgram(lab.cluster) },
        // The moves ask too. Once the shard is empty, that nothing waits for it is asked for the first time.
        before: async (call) => {
          if (call !== 'clickhouse.waitingFiles') return;
          const parts = `SELECT count() FROM system.parts WHERE active AND database = 'load'`;
          const left = await Promise.all(['s3r1', 's3r2'].map((name) => lab.run(name, parts)));
          if (left.every((count) => count === '0\n')) waiting.come();
        },
      });
      stopping(marked);
      // As when the retention of what the first two shards gave away is over, and somebody has removed it on the hosts.
      for (const name of ['s1r1', 's1r2', 's2r1', 's2r2']) removeDetached(name);
      const report = await marked.through(await marked.run('clickhouseDrainShard', 3));
      expect(report).toMatchObject({ outcome: 'done', leftBehind: [] });
      expect(hosts.asked.at(-1)).toBe('1=1,2=1,3=0');
      // What was found waiting the first time has come, and gone, before the second.
      expect(titles(report).filter((title) => title === 'prove that nothing waits for it')).toHaveLength(2);
      expect(await lab.run('s2r1', `SELECT count(), uniqExact(id) FROM ${table}_all WHERE day = '2026-04-01'`)).toBe(
        '300\t300\n',
      );
      for (const name of ['s3r1', 's3r2']) {
        const parts = `SELECT count() FROM system.parts WHERE active AND database = 'load'`;
        expect(await lab.run(name, parts)).toBe('0\n');
        expect(await lab.run(name, `SELECT count() FROM ${table}`)).toBe('0\n');
      }
      const verdict = await inserter.verify(lab.cluster.node('s2r2'), 20_000);
      expect(verdict).toMatchObject({ lostRows: 0, doubledRows: 0, foreignRows: 600 });
      const proof = report.steps.find(({ title }) => title === 'prove it empty');
      expect(proof?.summary).toContain('shard 3 is empty');
      const { detached } = proof?.after as { detached: Record<string, Record<string, number>> };
      expect(Object.keys(detached)).toEqual(['s3r1', 's3r2']);
      expect(detached['s3r1']?.[table]).toBeGreaterThanOrEqual(2);
      // It is a shard still: whoever reads asks it, whoever inserts through the Distributed table does not.
      expect(await listed('s1r1')).toBe('1=1\n2=1\n3=0\n');
    },
    longMs,
  );

  /** Rows sent to the third shard through a Distributed table, taken out of its queue; `come` puts them back into it. */
  async function rowsThatWait(): Promise<{ come: () => void }> {
    const folder = labFolder();
    const queue = `${lab.cluster.node('s1r1').dataDir}/data/${table.replace('.', '/')}_all`;
    // All of them for the third shard: their sums, which a view makes of them there, are on no other one then.
    await lab.cluster.declare({ 1: 0, 2: 0, 3: 1 });
    for (const { name } of lab.cluster.shard(3)) await lab.run(name, `DETACH TABLE ${table}`);
    const insert = `INSERT INTO ${table}_all SELECT toDate('2026-04-01'), number, 9100000000 + number, 1, NULL FROM numbers(300)`;
    await clickhouseCall(lab.cluster.node('s1r1'), insert, { settings: { insert_distributed_sync: 0 } });
    const ports = lab.cluster.shard(3).map(({ tcpPort }) => String(tcpPort));
    const files = readdirSync(queue)
      .filter((name) => ports.some((port) => name.includes(port)))
      .flatMap((name) => readdirSync(`${queue}/${name}`).map((file) => `${name}/${file}`))
      .filter((file) => file.endsWith('.bin'));
    expect(files.length).toBeGreaterThan(0);
    const kept = files.map((file, at) => ({ there: `${queue}/${file}`, here: `${folder}/${at}.bin` }));
    for (const { there, here } of kept) renameSync(there, here);
    for (const { name } of lab.cluster.shard(3)) await lab.run(name, `ATTACH TABLE ${table}`);
    await lab.cluster.declare();
    return {
      come: () => {
        for (const { there, here } of kept.splice(0)) renameSync(here, there);
      },
    };
  }

  function removeDetached(node: string): void {
    const folder = `${lab.cluster.node(node).dataDir}/data/${table.replace('.', '/')}/detached`;
    for (const part of readdirSync(folder)) rmSync(`${folder}/${part}`, { recursive: true });
  }
});
