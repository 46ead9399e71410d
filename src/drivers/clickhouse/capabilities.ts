import { z } from 'zod';
import { GantryError } from '../../errors/index.ts';
import { serverCodeOf, syntaxError } from './errors.ts';
import type { ClickHouseSession } from './session.ts';
import type { Sql } from './sql.ts';
import { id, sql } from './sql.ts';
import { fetchCapSetting } from './staging-engine.ts';

/** Statements that some servers know and others don't. */
export type StatementKind = keyof typeof trials;

/** What a server has: found by looking, never by its version. */
export type Capabilities = {
  /** To be shown; nothing is decided by it. */
  version: string;
  /** Tables of `system`. */
  systemTables: ReadonlySet<string>;
  /** Columns of `system.parts`. */
  partColumns: ReadonlySet<string>;
  /** Settings of a query. */
  settings: ReadonlySet<string>;
  /** Settings of a MergeTree table. */
  mergeTreeSettings: ReadonlySet<string>;
  tableFunctions: ReadonlySet<string>;
  statements: ReadonlySet<StatementKind>;
};

// Of a table that does not exist: a server that knows the statement says so, another one can't read it. Nothing is changed.
const absent = id('default', 'gantry_trial_absent');

const trials = {
  fetchPart: sql`ALTER TABLE ${absent} FETCH PART 'all_1_1_0' FROM '/gantry/absent'`,
  detachPart: sql`ALTER TABLE ${absent} DETACH PART 'all_1_1_0'`,
  dropPart: sql`ALTER TABLE ${absent} DROP PART 'all_1_1_0'`,
  dropDetachedPart: sql`ALTER TABLE ${absent} DROP DETACHED PART 'all_1_1_0'`,
  movePartitionToVolume: sql`ALTER TABLE ${absent} MOVE PARTITION ID 'all' TO VOLUME 'none'`,
  movePartitionToTable: sql`ALTER TABLE ${absent} MOVE PARTITION ID 'all' TO TABLE ${absent}`,
  attachPartitionFrom: sql`ALTER TABLE ${absent} ATTACH PARTITION ID 'all' FROM ${absent}`,
  modifySetting: sql`ALTER TABLE ${absent} MODIFY SETTING merge_with_ttl_timeout = 14400`,
  modifyTtl: sql`ALTER TABLE ${absent} MODIFY TTL toDateTime(0) + INTERVAL 1 DAY`,
  materializeTtl: sql`ALTER TABLE ${absent} MATERIALIZE TTL IN PARTITION ID 'all'`,
  alterWithSettings: sql`ALTER TABLE ${absent} DETACH PARTITION ID 'all' SETTINGS log_queries = 1`,
  checkPartition: sql`CHECK TABLE ${absent} PARTITION ID 'all'`,
  stopMoves: sql`SYSTEM STOP MOVES ${absent}`,
  stopTtlMerges: sql`SYSTEM STOP TTL MERGES ${absent}`,
  flushDistributed: sql`SYSTEM FLUSH DISTRIBUTED ${absent}`,
  forgetPartition: sql`ALTER TABLE ${absent} FORGET PARTITION ID 'all'`,
} satisfies Record<string, Sql>;

const name = z.strictObject({ name: z.string() });

/** Asks once per connection. */
export function capabilityVerb(session: ClickHouseSession): () => Promise<Capabilities> {
  return oncePerConnection(() => ask(session));
}

async function ask(session: ClickHouseSession): Promise<Capabilities> {
  const names = async (statement: Sql): Promise<ReadonlySet<string>> =>
    new Set((await session.rows(name, statement)).map((row) => row.name));
  const [version] = await session.rows(z.strictObject({ version: z.string() }), sql`SELECT version() AS version`);
  const known: StatementKind[] = [];
  for (const [kind, trial] of Object.entries(trials) as [StatementKind, Sql][]) {
    if (await accepts(session, trial)) known.push(kind);
  }
  return {
    version: version?.version ?? '',
    systemTables: await systemTables(session),
    partColumns: await partColumns(session),
    settings: await names(sql`SELECT name FROM system.settings`),
    mergeTreeSettings: await names(sql`SELECT name FROM system.merge_tree_settings`),
    tableFunctions: await names(sql`SELECT name FROM system.table_functions`),
    statements: new Set(known),
  };
}

/** What a server has does not change while a connection lives: asked once, and once more after an error. */
export function oncePerConnection<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () =>
    (asked ??= ask().catch((error: unknown) => {
      asked = undefined;
      throw error;
    }));
}

/** Tables of `system`: for a verb that needs no more than that, one statement instead of two dozen. */
export async function systemTables(session: ClickHouseSession): Promise<ReadonlySet<string>> {
  return new Set((await session.rows(name, sql`SELECT name FROM system.tables WHERE database = 'system'`)).map(nameOf));
}

/** Columns of a table of `system`; none where there is no such table. */
export async function systemColumns(session: ClickHouseSession, table: string): Promise<ReadonlySet<string>> {
  const columns = sql`SELECT name FROM system.columns WHERE database = 'system' AND table = ${table}`;
  return new Set((await session.rows(name, columns)).map(nameOf));
}

/** Columns of `system.parts`. */
export function partColumns(session: ClickHouseSession): Promise<ReadonlySet<string>> {
  return systemColumns(session, 'parts');
}

/** Whether a table's fetches can be capped. */
export async function knowsFetchCap(session: ClickHouseSession): Promise<boolean> {
  const known = sql`SELECT name FROM system.merge_tree_settings WHERE name = ${fetchCapSetting}`;
  return (await session.rows(name, known)).length > 0;
}

function nameOf(row: { name: string }): string {
  return row.name;
}

/** Whether the server can read a statement; what it finds wrong with it after that doesn't matter. */
async function accepts(session: ClickHouseSession, trial: Sql): Promise<boolean> {
  try {
    await session.act(trial);
    return true;
  } catch (error) {
    const code = serverCodeOf(error);
    if (code === undefined || !(error instanceof GantryError)) throw error;
    if (error.code === 'CLICKHOUSE_NO_PERMISSION') throw error;
    return code !== syntaxError;
  }
}
