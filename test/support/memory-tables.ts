import { createHash } from 'node:crypto';
import type { TableServer } from '../../activities/archive/recovery/access.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { TotalFigures } from '../../src/runs/index.ts';

type Table = { createQuery: string; partitions: Map<string, string[]> };

/** What a server holds: tables by their full names; a row of partition `p` is `p:…`. */
export type MemoryServer = {
  tables: Map<string, Table>;
  databases: Set<string>;
  journal: string[];
  /** Called before each verb, with its name and what it is about: throw to fail it. */
  hook: (verb: string, about: string) => Promise<void> | void;
  reach: 'open' | 'closed' | 'unknown';
  freeBytes: number | undefined;
  open: () => Promise<TableServer>;
};

/** Rows as a body of the memory's own format: one a line, each `partition:value`. */
export function rowsBody(rows: readonly string[]): Buffer {
  return Buffer.from(rows.map((row) => `${row}\n`).join(''));
}

export function digestOfRows(rows: readonly string[]): { rows: number; sum: string; xor: string } {
  let [sum, xor] = [0n, 0n];
  for (const row of rows) {
    const hash = createHash('sha256').update(row).digest().readBigUInt64LE(0);
    sum = BigInt.asUintN(64, sum + hash);
    xor ^= hash;
  }
  return { rows: rows.length, sum: String(sum), xor: String(xor) };
}

/** As a server adds them up: numbers behind the colon, or rows; for each row's text, or over all. */
export function totalOfRows(rows: readonly string[], sums: boolean, grouped: boolean): TotalFigures {
  const groups = new Map<string, number>(grouped ? [] : [['', 0]]);
  for (const row of rows) {
    const key = grouped ? row : '';
    groups.set(key, (groups.get(key) ?? 0) + (sums ? Number(row.slice(row.indexOf(':') + 1)) : 1));
  }
  const words = [...groups].map(([key, value]) => ({ key: [key], value: String(value) }));
  const { sum, xor } = digestOfRows(words.map((one) => JSON.stringify(one)));
  const value = String([...groups.values()].reduce((all, one) => all + one, 0));
  return { value, groups: groups.size, digest: { sum, xor }, ...(grouped ? { each: words } : {}) };
}

/** A ClickHouse server that exists only in memory. */
export function memoryServer(): MemoryServer {
  const server: MemoryServer = {
    ...{ tables: new Map(), databases: new Set<string>(), journal: [], reach: 'closed', freeBytes: 1e12 },
    hook: () => undefined,
    open: async () => verbs,
  };
  const full = ({ database, table }: { database: string; table: string }): string => `${database}.${table}`;
  const must = (name: { database: string; table: string }): Table => {
    const found = server.tables.get(full(name));
    if (!found) throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `there is no table ${full(name)}`);
    return found;
  };
  const rowsIn = (name: { database: string; table: string }, partitionId: string): string[] =>
    server.tables.get(full(name))?.partitions.get(partitionId) ?? [];
  const verbs: TableServer = {
    close: async () => undefined,
    killEarlier: async () => 0,
    createDatabase: async (name) => void server.databases.add(name),
    createPlain: async (as, createQuery) => {
      await server.hook('createPlain', full(as));
      if (!server.tables.has(full(as))) server.tables.set(full(as), { createQuery, partitions: new Map() });
    },
    createObject: async ({ database, name, createQuery }) => {
      await server.hook('createObject', `${database}.${name}`);
      server.journal.push(`create ${database}.${name}`);
      if (!server.tables.has(`${database}.${name}`))
        server.tables.set(`${database}.${name}`, { createQuery, partitions: new Map() });
    },
    insertNative: async (name, rows) => {
      await server.hook('insertNative', full(name));
      const table = must(name);
      let text = '';
      for await (const chunk of rows as AsyncIterable<Buffer>) text += chunk.toString('utf8');
      for (const row of text.split('\n').filter(Boolean)) {
        const partition = row.slice(0, row.indexOf(':'));
        table.partitions.set(partition, [...(table.partitions.get(partition) ?? []), row]);
      }
    },
    digest: async ({ partitionId, ...name }) => {
      await server.hook('digest', `${full(name)}/${partitionId}`);
      return digestOfRows(rowsIn(must(name) && name, partitionId));
    },
    // What is added up is what stands behind the colon; groups are those of the whole row.
    total: async ({ partitionId, ...name }, { sum, by }) => {
      await server.hook('total', `${full(name)}/${partitionId}`);
      return totalOfRows(rowsIn(must(name) && name, partitionId), sum !== undefined, by.length > 0);
    },
    partitions: async (name) =>
      [...(server.tables.get(full(name))?.partitions ?? [])].map(([partitionId, rows]) => ({
        ...{ partitionId, partition: partitionId, parts: 1, rows: rows.length, bytes: rows.length * 10 },
        ...{ minTimeSeconds: 0, maxTimeSeconds: 0, ageSeconds: 1, maxBlock: 1 },
      })),
    dropPartition: async ({ partitionId, ...name }) => void must(name).partitions.delete(partitionId),
    dropTable: async (name) => {
      await server.hook('dropTable', full(name));
      if (server.tables.delete(full(name))) server.journal.push(`drop ${full(name)}`);
    },
    dropDatabase: async (name) => {
      for (const table of server.tables.keys()) if (table.startsWith(`${name}.`)) server.tables.delete(table);
      server.databases.delete(name);
      server.journal.push(`drop database ${name}`);
    },
    tablesIn: async (database) =>
      [...server.tables.keys()]
        .filter((one) => one.startsWith(`${database}.`))
        .map((one) => one.slice(database.length + 1)),
    countRows: async (name) => {
      await server.hook('countRows', full(name));
      const table = server.tables.get(full(name));
      return table && [...table.partitions.values()].reduce((sum, rows) => sum + rows.length, 0);
    },
    readThrough: async (name) => server.hook('readThrough', full(name)),
    columns: async () => [{ name: 'row', type: 'String', defaultKind: '', inPartitionKey: false, inSortingKey: true }],
    table: async () => undefined,
    disks: async () =>
      server.freeBytes === undefined
        ? undefined
        : [{ name: 'default', path: '/', freeBytes: server.freeBytes, totalBytes: 1e12 }],
    attachPartitionFrom: async ({ partitionId, ...name }, from) => {
      await server.hook('attachPartitionFrom', `${full(name)}/${partitionId}`);
      const table = must(name);
      server.journal.push(`attach ${full(name)}/${partitionId}`);
      table.partitions.set(partitionId, [...(table.partitions.get(partitionId) ?? []), ...rowsIn(from, partitionId)]);
    },
    reaches: async (host, port) => ({ reach: server.reach, why: `${host}:${port} is ${server.reach}` }),
  };
  return server;
}
