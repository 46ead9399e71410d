import { GantryError } from '../../../src/errors/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RecoveryDeps } from '../recovery/access.ts';
import { asStep, firstReplica, tableName, withStore, withTables } from '../recovery/access.ts';
import { fillPartition, isPartition, rowsOf } from '../recovery/fill-table.ts';
import { isOf, objectsOf } from '../recovery/objects.ts';
import { schemaOf } from '../recovery/read-schema.ts';
import { structureDiffers } from './make-tables.ts';
import type { TableInput } from './production.ts';
import { besideTable } from './production.ts';

export type Beside = { filled: number; of: number; rows: number };

/**
 * Loads the rows into a table beside that of production, on the first replica of each shard, and proves each partition there by its
 * digest. Nothing of production changes. Undo drops it.
 */
export const fillProduction = defineStep<TableInput, Beside, RecoveryDeps>({
  name: 'archive.fill-production',
  settleMs: 0,
  probe: async (input, deps, context) => {
    const access = await deps.recovery(input.archive);
    const { part, name } = input;
    const held = new Map<string, number>();
    for (const shard of part.shards) {
      const opened = access.server(part.cluster, firstReplica(access, part.cluster, shard), asStep(context));
      await withTables(opened, async (server) => {
        for (const { partitionId, rows } of await server.partitions(besideTable(name, tableName(part.table))))
          held.set(`${shard} ${partitionId}`, rows);
      });
    }
    const seen = { filled: 0, of: 0, rows: 0 };
    for await (const object of objectsOf(deps.payloads, input.objects)) {
      if (!isPartition(object) || !isOf(part, object)) continue;
      const rows = held.get(`${object.source.shard} ${object.source.partition}`);
      seen.of += 1;
      seen.rows += rows ?? 0;
      if (rows !== undefined ? rows === (rowsOf(object) ?? rows) : rowsOf(object) === 0) seen.filled += 1;
    }
    const words = `${seen.filled} of ${seen.of} partitions lie beside ${part.table}, ${seen.rows} rows`;
    return seen.filled === seen.of ? done(seen, words) : todo(seen, words, { begun: held.size > 0 });
  },
  apply: async (input, _seen, deps, context) => {
    const access = await deps.recovery(input.archive);
    const { part, name } = input;
    const table = tableName(part.table);
    const beside = besideTable(name, table);
    await withStore(access, context, async (store) => {
      const schema = await schemaOf(store, objectsOf(deps.payloads, input.objects), part);
      for (const shard of part.shards) {
        const opened = access.server(part.cluster, firstReplica(access, part.cluster, shard), asStep(context));
        await withTables(opened, async (server) => {
          await server.killEarlier();
          await server.createPlain(beside, schema.createQuery);
          const differs = structureDiffers(schema, await server.columns(beside), await server.columns(table));
          if (differs !== '') throw new GantryError('ARCHIVE_SCHEMA_DIFFERS', differs);
          for await (const object of objectsOf(deps.payloads, input.objects)) {
            if (!isPartition(object) || !isOf(part, object) || object.source.shard !== shard) continue;
            context.mustBeOurs();
            const from = { store, prefix: access.config.prefix, name };
            const rows = await fillPartition({ server, ...beside }, from, object);
            context.progress({ shard, partition: object.source.partition, rows });
          }
        });
      }
    });
  },
  undo: async (input, _before, { recovery }, context) => {
    const access = await recovery(input.archive);
    const { part, name } = input;
    for (const shard of part.shards) {
      const opened = access.server(part.cluster, firstReplica(access, part.cluster, shard), asStep(context));
      await withTables(opened, (server) => server.dropTable(besideTable(name, tableName(part.table))));
    }
  },
});
