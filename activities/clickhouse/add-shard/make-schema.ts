import type { AddShardData } from '../../../src/runs/index.ts';
import { tableName } from '../../../src/runs/index.ts';
import type { ClickHouseNode, SchemaObject } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { fullName } from '../../../src/planning/clickhouse/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { asStep, withServer } from '../access/access.ts';
import { waitingOn } from '../cluster/waiting.ts';
import { digestOf, listedName } from '../cluster/read-shards.ts';

/** The schema of `source` on one new server. */
export type SchemaInput = Pick<AddShardData, 'cluster' | 'source' | 'databases' | 'schema'> & { server: string };

export type SchemaSeen = { missing: readonly string[] };

/**
 * Every table and view of the plan on one new server, made by the statement that the servers of the cluster have; macros make
 * of it this server's own. An undo drops what this run made and is empty; databases stay.
 */
export const makeSchema = defineStep<SchemaInput, SchemaSeen, ClickHouseDeps>({
  name: 'clickhouse.make-schema',
  probe: async (input, { clusters }, context) =>
    on(await clusters(input.cluster), input.server, context, async (node) => look(input, await node.objects())),
  apply: async (input, _seen, { clusters, log }, context) => {
    const access = await clusters(input.cluster);
    const source = await on(access, input.source, context, (node) => node.objects());
    await on(access, input.server, context, async (node) => {
      for (const database of input.databases) await node.createDatabase(database);
      for (const part of input.schema) await node.createObject(asPlanned(part, source, input.source));
    });
    log.info({ cluster: input.cluster, server: input.server, objects: input.schema.length }, 'schema made');
  },
  undo: async (input, before, { clusters }, context) => {
    const access = await clusters(input.cluster);
    await nothingWaits(access, input, before, context);
    await on(access, input.server, context, async (node) => {
      // A view that keeps its rows itself has them in a table of its own.
      const filled = new Set(
        (await node.usage()).flatMap(({ database, table, bytes }) =>
          bytes > 0 ? [`${database}.${table.replace(/^\.inner\./, '')}`] : [],
        ),
      );
      const mine = input.schema.map(fullName).filter((name) => before.missing.includes(name));
      const kept = mine.filter((name) => filled.has(name));
      if (kept.length > 0) {
        const message = `${kept.join(', ')} on ${input.server} got rows: what was made is not dropped`;
        throw new GantryError('CLICKHOUSE_SHARD_NOT_EMPTY', message);
      }
      for (const name of mine.reverse()) await node.dropTable(tableName(name));
    });
  },
});

/**
 * Rows that somebody has inserted through a Distributed table here wait in its folder, acknowledged: a drop takes them along.
 * @throws CLICKHOUSE_QUEUE_NOT_EMPTY, and CLICKHOUSE_QUEUE_UNKNOWN where nobody can say it
 */
async function nothingWaits(
  access: ClickHouseClusterAccess,
  { cluster, server }: SchemaInput,
  before: SchemaSeen,
  context: StepContext,
): Promise<void> {
  if (before.missing.length === 0) return;
  const waiting = await waitingOn(access, { server, listedAs: listedName(access, cluster) }, context);
  if (waiting?.length === 0) return;
  if (waiting) throw new GantryError('CLICKHOUSE_QUEUE_NOT_EMPTY', waiting.join('; '));
  const message = `${server} cannot say whether rows wait in its Distributed tables, and the platform file has no program that can: look there, drop the tables by hand, then \`gantry skip\``;
  throw new GantryError('CLICKHOUSE_QUEUE_UNKNOWN', message);
}

function on<T>(
  access: ClickHouseClusterAccess,
  server: string,
  context: StepContext,
  use: (node: ClickHouseNode) => Promise<T>,
): Promise<T> {
  return withServer(access, server, use, asStep(context));
}

function look({ schema, server }: SchemaInput, objects: readonly SchemaObject[]): Probe<SchemaSeen> {
  const there = new Map(objects.map((one) => [fullName(one), digestOf(one.createQuery)]));
  const missing = schema.map(fullName).filter((name) => !there.has(name));
  const foreign = schema.filter((one) => there.has(fullName(one)) && there.get(fullName(one)) !== one.digest);
  if (foreign.length > 0) {
    const words = `${foreign.map(fullName).join(', ')} on ${server} is not what the plan has`;
    return blocked('CLICKHOUSE_STRUCTURE_DIFFERS', { missing }, words);
  }
  if (missing.length === 0) return done({ missing }, `${server} has all ${schema.length} tables and views`);
  const words = `${server} lacks ${missing.length} of ${schema.length}: ${missing.slice(0, 10).join(', ')}`;
  return todo({ missing }, words, { begun: missing.length < schema.length });
}

/** @throws CLICKHOUSE_STRUCTURE_DIFFERS when the statement is another one than at the time of the plan */
function asPlanned(
  part: AddShardData['schema'][number],
  source: readonly SchemaObject[],
  server: string,
): SchemaObject {
  const object = source.find((one) => fullName(one) === fullName(part));
  if (object && digestOf(object.createQuery) === part.digest) return object;
  throw new GantryError('CLICKHOUSE_STRUCTURE_DIFFERS', `${fullName(part)} on ${server} has changed since the plan`);
}
