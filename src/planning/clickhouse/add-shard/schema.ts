import { fullName, inOrder, isCopied, isPassing } from '../cluster/schema-order.ts';
import type { ObjectFacts, ShardIntent, ShardServer } from '../cluster/types.ts';
import type { Finding } from '../facts/types.ts';

/** What the new servers need, in the order in which it is made; what is in the way; and what is left to people. */
export type ShardSchema = {
  databases: readonly string[];
  wanted: readonly ObjectFacts[];
  left: readonly string[];
  findings: readonly Finding[];
};

/**
 * The schema that the servers of the cluster have in common: of every database that holds a declared table, or is reached
 * through a Distributed table of the cluster. A read through such a table fails on a shard that lacks what it is over.
 */
export function shardSchema(others: readonly ShardServer[], intent: ShardIntent): ShardSchema {
  const [source] = others;
  if (!source) return { databases: [], wanted: [], left: [], findings: [] };
  const over = source.objects.flatMap((one) => (one.distributed?.cluster === intent.listedAs ? [one] : []));
  const databases = new Set([
    ...intent.tables.flatMap(({ name, distributed }) => [name, ...(distributed ? [distributed] : [])]).map(databaseOf),
    ...over.flatMap(({ database, distributed }) => [database, distributed?.database ?? database]),
  ]);
  const here = source.objects.filter(({ database, name }) => databases.has(database) && !isPassing({ name }));
  const wanted = inOrder(here.filter(isCopied));
  const names = new Set(wanted.map(fullName));
  const left = here.filter((one) => !isCopied(one));
  return {
    databases: [...new Set(wanted.map(({ database }) => database))].sort(),
    wanted,
    left: left.map((one) => `${fullName(one)} (${one.engine})`),
    findings: [
      ...intent.tables
        .filter(({ name }) => !names.has(name))
        .map(({ name }): Finding => {
          return { code: 'CLICKHOUSE_UNKNOWN_TABLE', message: `${source.server} has no table ${name}`, place: name };
        }),
      ...over.flatMap((one): Finding[] => {
        const target = `${one.distributed?.database}.${one.distributed?.table}`;
        if (names.has(target)) return [];
        const message = `${fullName(one)} reads ${target} on every shard, and that is no table that Gantry makes on a new one`;
        return [{ code: 'CLICKHOUSE_ENGINE_UNSUPPORTED', message, place: fullName(one) }];
      }),
      ...others.slice(1).flatMap((one) => differences(one, source, wanted)),
    ],
  };
}

/** What a new server has under these names already that is not what it should be, or must be empty and is not. */
export function foreignTables(fresh: ShardServer, wanted: readonly ObjectFacts[], isListed: boolean): Finding[] {
  const names = new Set(wanted.map(fullName));
  const filled = isListed ? [] : fresh.filled.filter((name) => names.has(name));
  return [
    ...wanted.flatMap((table): Finding[] => {
      const there = fresh.objects.find((one) => fullName(one) === fullName(table));
      return !there || there.digest === table.digest ? [] : [differs(fresh.server, table)];
    }),
    ...filled.map((name): Finding => {
      const message = `${name} on ${fresh.server} has rows, and would be seen through the Distributed table`;
      return { code: 'CLICKHOUSE_SHARD_NOT_EMPTY', message, place: fresh.server };
    }),
  ];
}

function differences(server: ShardServer, source: ShardServer, wanted: readonly ObjectFacts[]): Finding[] {
  return wanted.flatMap((table): Finding[] => {
    const there = server.objects.find((one) => fullName(one) === fullName(table));
    return there?.digest === table.digest ? [] : [differs(server.server, table, source.server)];
  });
}

function differs(server: string, table: ObjectFacts, source = 'the other servers'): Finding {
  const message = `${fullName(table)} on ${server} is not what ${source} ${source === 'the other servers' ? 'have' : 'has'}`;
  return { code: 'CLICKHOUSE_STRUCTURE_DIFFERS', message, place: server };
}

function databaseOf(full: string): string {
  return full.slice(0, Math.max(0, full.indexOf('.')));
}
