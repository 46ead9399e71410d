import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clickhouseRows } from '../../../lab/clickhouse/client.ts';
import { startModernClickHouse } from '../../../lab/clickhouse/modern.ts';
import { id, list, sql } from '../../../src/drivers/clickhouse/sql.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';

const text = fc.string({ unit: 'binary', maxLength: 40 });
const hostile = fc.string({
  unit: fc.constantFrom("'", '`', '"', '\\', '\n', '\t', '\0', '%', '{', '}', ';', '-', 'n', '0', 'x'),
  maxLength: 20,
});
const texts = fc.array(fc.oneof(text, hostile), { minLength: 1, maxLength: 40 });
const names = fc.uniqueArray(
  fc.oneof(text, hostile).filter((name) => name !== ''),
  { minLength: 1, maxLength: 20 },
);

/** Every text and every name comes back as it was. */
async function roundTrips(ask: (statement: string) => Promise<Record<string, unknown>[]>): Promise<void> {
  await fc.assert(
    fc.asyncProperty(texts, async (given) => {
      const [row] = await ask(sql`SELECT ${given} AS texts`.text);
      expect(row?.['texts']).toEqual(given);
    }),
    { numRuns: 40 },
  );
  await fc.assert(
    fc.asyncProperty(names, async (given) => {
      const columns = given.map((name, at) => sql`${String(at)} AS ${id(name)}`);
      const [row] = await ask(sql`SELECT ${list(columns)}`.text);
      expect(row).toEqual(Object.fromEntries(given.map((name, at) => [name, String(at)])));
    }),
    { numRuns: 40 },
  );
}

test('numbers, lists and pieces are written as SQL has them', () => {
  const pieces = list([id('a'), id('b', 'c d')]);
  expect(sql`SELECT ${pieces} WHERE x IN ${[1, 2]} AND y = ${true} AND z = ${2n ** 63n}`.text).toBe(
    'SELECT `a`, `b`.`c d` WHERE x IN [1, 2] AND y = 1 AND z = 9223372036854775808',
  );
  expect(() => sql`${NaN}`).toThrow(/cannot be written/);
  expect(() => id('db', '')).toThrow(/empty name/);
});

await describeWith(['clickhouse'], 'quoting, on 18.16', () => {
  const rig = clickhouseRig({ shards: 1, replicas: 1 });
  test('every text and every name comes back as it was', async () => {
    await roundTrips((statement) => clickhouseRows(rig.cluster.node('s1r1'), statement));
  });
});

await describeWith(['clickhouse-modern'], 'quoting, on a modern server', () => {
  test('every text and every name comes back as it was', async () => {
    const server = stopping(await startModernClickHouse({ stateDir: labFolder() }));
    await roundTrips((statement) => clickhouseRows(server, statement));
  });
});
