import { readdirSync, rmSync } from 'node:fs';
import { until } from '../../lab/clock.ts';
import { createEvents } from '../../lab/load/clickhouse-events.ts';
import type { Inserter, InserterOptions } from '../../lab/load/clickhouse-inserter.ts';
import { createInserter } from '../../lab/load/clickhouse-inserter.ts';
import type { TableName } from '../../src/drivers/clickhouse/index.ts';
import type { ClickHouseRig } from './clickhouse-rig.ts';
import { stopping } from './lab.ts';
import type { MoveRig, MoveRigOptions } from './move-rig.ts';
import { startMoveRig } from './move-rig.ts';
import type { TestServer } from './temporal.ts';

/** A closed day on shard 1, another one that takes the load. */
export const [today, day, partition] = ['2026-02-01', '2026-01-01', '20260101'] as const;
export const seededBlocks = 60;

export type MoveScene = {
  inserter: Inserter;
  rig: MoveRig;
  name: TableName;
  full: string;
  /** What the closed day has on each server, in the order of their names. */
  rows: () => Promise<number[]>;
  /** Takes away what a shard's servers have in `detached`, as an operator does on the hosts once the time is over. */
  emptyDetached: (shard: number) => void;
  /** Makes one part of the closed day on every server of a shard. */
  merge: (shard: number) => Promise<void>;
};

let tables = 0;

export type MoveSceneOptions = Partial<MoveRigOptions> & {
  /** Of the table itself: `index_granularity = 8192, …`. */
  tableSettings?: string;
  /** `settings`, where they name the table: `db.events`. */
  settingsOf?: (full: string) => Record<string, unknown>;
};

/** A table of the test's own with workers over it. Everything ends with the test. */
export async function moveScene(
  lab: ClickHouseRig,
  server: TestServer,
  { tableSettings, settingsOf, ...options }: MoveSceneOptions = {},
  load: Partial<InserterOptions> = {},
): Promise<MoveScene> {
  tables += 1;
  const table = { cluster: 'metrics', database: 'load', table: `m${tables}` };
  const events = { ...table, ...(tableSettings ? { settings: tableSettings } : {}) };
  const { nodes } = lab.cluster;
  await createEvents(nodes, events);
  const shards = [...new Set(nodes.map(({ shard }) => shard))].map((shard) => lab.cluster.shard(shard));
  const inserter = stopping(createInserter({ shards, events, today, perSecond: 10, ...load }));
  await inserter.seed(1, day, seededBlocks);
  const full = `load.${events.table}`;
  const settings = settingsOf ? { settings: settingsOf(full) } : {};
  const rig = stopping(await startMoveRig({ server, cluster: lab.cluster, table: full, ...settings, ...options }));
  return {
    ...{ inserter, rig, full, name: { database: 'load', table: events.table } },
    rows: () =>
      Promise.all(
        nodes.map(async ({ name }) => Number(await lab.run(name, `SELECT count() FROM ${full} WHERE day = '${day}'`))),
      ),
    async merge(shard) {
      const [first, ...others] = lab.cluster.shard(shard).map(({ name }) => name);
      const parts = `SELECT count() FROM system.parts WHERE active AND table = '${events.table}' AND partition_id = '${partition}'`;
      const merged = async (): Promise<boolean> => {
        await lab.run(first ?? '', `OPTIMIZE TABLE ${full} PARTITION ID '${partition}' FINAL`);
        const counts = await Promise.all([first ?? '', ...others].map((name) => lab.run(name, parts)));
        return counts.every((count) => count === '1\n');
      };
      if (!(await until(merged, 15_000, 100))) throw new Error(`shard ${shard} did not merge`);
    },
    emptyDetached: (shard) => {
      for (const { dataDir } of lab.cluster.shard(shard)) {
        const folder = `${dataDir}/data/load/${events.table}/detached`;
        for (const part of readdirSync(folder)) rmSync(`${folder}/${part}`, { recursive: true });
      }
    },
  };
}

/** Something that happens once, before the first such call of a driver after it was set. */
export function once() {
  const set: { call?: string; act?: () => Promise<unknown> } = {};
  return {
    on: (call: string, act: () => Promise<unknown>) => void Object.assign(set, { call, act }),
    before: async (call: string) => {
      const { act } = set;
      if (!act || call !== set.call) return;
      delete set.act;
      await act();
    },
  };
}
