import { expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import type { LabTable } from '../../support/clickhouse-rig.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith } from '../../support/lab.ts';

// What DETACH and DROP do, and how one finds on 18.16 what happened meanwhile: facts that the cutover is built on.
const partitionId = '202601';

await describeWith(['clickhouse'], 'taking a partition away by statements, on 18.16', () => {
  const rig = clickhouseRig();
  const rows = (...numbers: number[]) => numbers.map((n) => `('2026-01-01', ${n}, NULL)`).join(', ');
  const insert = (server: string, t: LabTable, ...numbers: number[]) =>
    rig.run(server, `INSERT INTO ${t.full} VALUES ${rows(...numbers)}`);
  const count = async (server: string, t: LabTable) => Number(await rig.run(server, `SELECT count() FROM ${t.full}`));

  async function filled(...inserts: readonly number[][]) {
    const t = await rig.table();
    const [r1, r2] = [await rig.open('s1r1'), await rig.open('s1r2')];
    for (const numbers of inserts) await insert('s1r1', t, ...numbers);
    await r2.syncReplica(t);
    return { t, r1, r2, partition: { ...t, partitionId } };
  }

  for (const verb of ['detachPartition', 'dropPartition'] as const) {
    test(`${verb} forgets the insert hashes: a producer’s retry is taken as new afterwards`, async () => {
      const { t, r1, partition } = await filled([1, 2]);
      await insert('s1r1', t, 1, 2);
      expect(await count('s1r1', t)).toBe(2);
      await r1[verb](partition, 'own');
      await insert('s1r1', t, 1, 2);
      expect(await count('s1r1', t)).toBe(2); // of the retry: before, it added nothing
    });
  }

  test('DETACH takes the partition away on both replicas, and each keeps its parts in its own `detached`', async () => {
    const { t, r1, r2, partition } = await filled([1], [2]);
    await r1.detachPartition(partition, 'all');
    for (const node of [r1, r2]) {
      expect(await node.hasDetached(partition)).toBe(true);
      expect(await node.parts(t)).toEqual([]);
      expect(await node.detachedParts(t)).toBeUndefined(); // 18.16 can't list them
    }
    await r1.attachPartition(partition);
    await r2.syncReplica(t);
    expect([await r1.hasDetached(partition), await r2.hasDetached(partition)]).toEqual([false, true]);
    expect([await count('s1r1', t), await count('s1r2', t)]).toEqual([2, 2]);
  });

  test('attaching what is detached on one replica and then on the other doubles the rows', async () => {
    const { t, r1, r2, partition } = await filled([1], [2]);
    await r1.detachPartition(partition, 'all');
    await r1.attachPartition(partition);
    await r2.attachPartition(partition);
    for (const replica of [r1, r2]) await replica.syncReplica(t);
    expect([await count('s1r1', t), await count('s1r2', t)]).toEqual([4, 4]);
  });

  test('DETACH done twice is done once; ATTACH of a partition of which nothing is detached adds nothing', async () => {
    const { t, r1, partition } = await filled([1]);
    await r1.detachPartition(partition, 'own');
    await r1.detachPartition(partition, 'own');
    for (let times = 0; times < 2; times += 1) await r1.attachPartition(partition);
    expect(await count('s1r1', t)).toBe(1);
  });

  test('a row that comes after the last look goes with the partition, unseen: the range of the detach tells', async () => {
    const { t, r1, partition } = await filled([1], [2]);
    const target = await rig.open('s2r1');
    const manifest = await r1.parts(t, partitionId);
    const before = await r1.blockNumbers(partition, t.path(1));
    expect(before).toEqual({ given: 2, open: 0 });
    await target.fetchPartition(partition, t.path(1));
    await target.attachPartition(partition);
    await insert('s1r2', t, 3); // acknowledged
    await r1.detachPartition(partition, 'all');
    expect([await count('s1r1', t), await count('s2r1', t)]).toEqual([0, 2]); // 3 were acknowledged
    const highest = Math.max(...manifest.map(({ maxBlock }) => maxBlock));
    expect(await r1.dropRanges(partition, t.path(1))).toMatchObject([{ kind: 'detach', min: 0, max: highest + 1 }]);
  });

  test('when nothing came, the range of the detach ends at the manifest’s last block', async () => {
    const { t, r1, partition } = await filled([1], [2]);
    const highest = Math.max(...(await r1.parts(t, partitionId)).map(({ maxBlock }) => maxBlock));
    await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-02-01', 9, NULL)`); // of another partition
    await r1.detachPartition(partition, 'all');
    expect(await r1.dropRanges(partition, t.path(1))).toMatchObject([{ kind: 'detach', min: 0, max: highest }]);
    await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-01-01', 9, NULL)`);
    await r1.dropPartition(partition, 'all');
    expect((await r1.dropRanges(partition, t.path(1))).map(({ kind }) => kind)).toEqual(['detach', 'drop']);
    expect(await r1.dropRanges({ ...t, partitionId: '202602' }, t.path(1))).toEqual([]);
  });

  test('a repeated insert that is recognised takes no block number: a growing count means rows', async () => {
    const { t, r1, partition } = await filled([1]);
    const before = await r1.blockNumbers(partition, t.path(1));
    await insert('s1r1', t, 1);
    expect(await r1.blockNumbers(partition, t.path(1))).toEqual(before);
    await insert('s1r1', t, 2);
    expect(await r1.blockNumbers(partition, t.path(1))).toEqual({ given: before.given + 1, open: 0 });
  });

  test('with a replica down DETACH is done at once where it is up, but never comes back to who waits for all', async () => {
    const { t, partition } = await filled([1]);
    await rig.cluster.node('s1r2').kill();
    const waiting = await rig.open('s1r1', { longTimeoutMs: 2_000 });
    await expect(waiting.detachPartition(partition, 'all')).rejects.toMatchObject({ code: 'CLICKHOUSE_TIMEOUT' });
    expect(await count('s1r1', t)).toBe(0);
    await rig.cluster.node('s1r2').restart();
    const r2 = await rig.open('s1r2');
    await until(async () => (await r2.replica(t))?.readOnly === false, 20_000, 200);
    await r2.syncReplica(t);
    expect(await count('s1r2', t)).toBe(0);
  });

  test('a hash of all columns skips rows with a NULL and refuses states of aggregates: digests are made per column', async () => {
    const { t } = await filled([1, 2]);
    await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-01-01', 3, 'x')`);
    expect(await rig.run('s1r1', `SELECT count(), count(cityHash64(*)) FROM ${t.full}`)).toBe('3\t1\n');
    await expect(rig.run('s1r1', 'SELECT cityHash64(sumState(number)) FROM numbers(3)')).rejects.toThrow(/Code: 4[34]/);
  });

  test('a Distributed table puts each row where its key’s remainder falls among the shards’ weights', async () => {
    const t = await rig.table({ shardingKey: 'n' });
    const spread = (from: number) =>
      `INSERT INTO ${t.everywhere} SELECT '2026-01-01', number + ${from}, NULL FROM numbers(12)`;
    const { host, httpPort } = rig.cluster.node('s1r1');
    const sync = async (from: number) =>
      fetch(`http://${host}:${httpPort}/?insert_distributed_sync=1`, { method: 'POST', body: spread(from) });
    const here = async (shard: number) => {
      await (await rig.open(`s${shard}r1`)).syncReplica(t); // it wrote to either replica
      return rig.run(`s${shard}r1`, `SELECT groupArray(n) FROM (SELECT n FROM ${t.full} ORDER BY n)`);
    };
    expect((await sync(0)).ok).toBe(true);
    expect([await here(1), await here(2)]).toEqual(['[0,2,4,6,8,10]\n', '[1,3,5,7,9,11]\n']);

    // A weight given to a shard moves the bounds for every key: what lies there no longer lies where the key says.
    await rig.cluster.declare({ 1: 1, 2: 2 });
    expect((await sync(12)).ok).toBe(true);
    await here(1);
    const misplaced = `SELECT countIf(n % 3 >= 1) FROM ${t.full}`;
    expect(await rig.run('s1r1', misplaced)).toBe('4\n');
    expect(await rig.run('s1r1', `${misplaced} WHERE n >= 12`)).toBe('0\n');
    await rig.cluster.declare();
  });
});
