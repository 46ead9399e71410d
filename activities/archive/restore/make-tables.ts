import { GantryError } from '../../../src/errors/index.ts';
import type { ColumnFacts } from '../../../src/drivers/clickhouse/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RecoveryAccess, RecoveryDeps } from '../recovery/access.ts';
import { asStep, tableName, withStore, withTables } from '../recovery/access.ts';
import { objectsOf } from '../recovery/objects.ts';
import type { SchemaEntry } from '../recovery/read-schema.ts';
import { schemaOf } from '../recovery/read-schema.ts';
import type { TableInput } from './production.ts';

export type Made = {
  /** Servers without the table. */
  absent: readonly string[];
  /** Rows on each server that has it. */
  rows: Readonly<Record<string, number>>;
};

/**
 * Makes the table of production on every server of the restored shards that lacks it, as the backup has it. One that is there must
 * be empty. Undo drops what was absent, if it is still empty.
 */
export const makeTables = defineStep<TableInput, Made, RecoveryDeps>({
  name: 'archive.make-tables',
  settleMs: 0,
  probe: async (input, { recovery }, context) => look(input, await recovery(input.archive), context),
  apply: async (input, seen, deps, context) => {
    const access = await deps.recovery(input.archive);
    const { part } = input;
    const schema = await withStore(access, context, (store) =>
      schemaOf(store, objectsOf(deps.payloads, input.objects), part),
    );
    for (const name of seen.absent) {
      await withTables(access.server(part.cluster, name, asStep(context)), async (server) => {
        await server.createDatabase(schema.database);
        await server.createObject(schema);
      });
    }
  },
  undo: async (input, before, { recovery }, context) => {
    const access = await recovery(input.archive);
    const table = tableName(input.part.table);
    for (const name of before.absent) {
      await withTables(access.server(input.part.cluster, name, asStep(context)), async (server) => {
        const rows = await server.countRows(table);
        if (rows === undefined) return;
        if (rows > 0) throw inUse(input, name, rows);
        await server.dropTable(table);
      });
    }
  },
});

/** The servers of the shards that are restored. */
export function serversOf({ clusters }: RecoveryAccess, { part }: TableInput): readonly string[] {
  return (clusters[part.cluster]?.nodes ?? [])
    .filter(({ shard }) => part.shards.includes(shard))
    .map(({ name }) => name);
}

async function look(input: TableInput, access: RecoveryAccess, context: StepContext): Promise<Probe<Made>> {
  const { part } = input;
  const table = tableName(part.table);
  const absent: string[] = [];
  const rows: Record<string, number> = {};
  for (const name of serversOf(access, input)) {
    await withTables(access.server(part.cluster, name, asStep(context)), async (server) => {
      const count = await server.countRows(table);
      if (count === undefined) absent.push(name);
      else rows[name] = count;
    });
  }
  const seen = { absent, rows };
  const full = Object.entries(rows).filter(([, count]) => count > 0);
  // Rows that an earlier attempt of the promotion attached are its own; `promote` tells them by their digests.
  const [first] = full;
  if (first) return blocked('ARCHIVE_TARGET_NOT_EMPTY', seen, inUse(input, first[0], first[1]).message);
  if (absent.length > 0) return todo(seen, `${part.table} is missing on ${absent.join(', ')}`);
  return done(seen, `${part.table} is there and empty on ${Object.keys(rows).length} servers`);
}

function inUse({ part }: TableInput, server: string, rows: number): GantryError {
  const message = `${part.table} on ${server} has ${rows} rows: a restore never overwrites`;
  return new GantryError('ARCHIVE_TARGET_NOT_EMPTY', message, { evidence: { server, rows } });
}

/** What keeps the rows of a backup from becoming a table's: other columns. Empty where nothing does. */
export function structureDiffers(
  schema: SchemaEntry,
  wanted: readonly ColumnFacts[],
  there: readonly ColumnFacts[],
): string {
  const words = (columns: readonly ColumnFacts[]): string[] => columns.map(({ name, type }) => `${name} ${type}`);
  const missing = words(wanted).filter((one) => !words(there).includes(one));
  const more = words(there).filter((one) => !words(wanted).includes(one));
  if (missing.length + more.length === 0) return '';
  return `${schema.name}: the backup has ${missing.join(', ') || 'no more'}; production has ${more.join(', ') || 'no more'}`;
}
