import { expect, test } from 'vitest';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import type { LabTable } from '../../support/clickhouse-rig.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith } from '../../support/lab.ts';

// What the statements of a move do on a real server, each a fact that the move is built on. A fact that stops holding
// fails here, before it fails in a move.
const partitionId = '202601';

await describeWith(['clickhouse'], 'moving a partition by statements, on 18.16', () => {
  const rig = clickhouseRig();
  const insert = (server: string, table: string, ...numbers: number[]) =>
    rig.run(server, `INSERT INTO ${table} VALUES ${numbers.map((n) => `('2026-01-01', ${n}, NULL)`).join(', ')}`);
  const count = async (server: string, table: string) => Number(await rig.run(server, `SELECT count() FROM ${table}`));

  /** Three parts of the source on shard 1, fetched and attached to staging on shard 2, merges stopped there. */
  async function staged(parts: readonly (readonly number[])[] = [[1], [2], [3]]) {
    const t = await rig.table();
    for (const server of ['s1r1', 's1r2']) await rig.run(server, `SYSTEM STOP MERGES ${t.full}`);
    for (const numbers of parts) await insert('s1r1', t.full, ...numbers);
    const staging = { database: 'db', table: `${t.table}__mv` };
    const path = `/clickhouse/tables/{shard}/${staging.table}`;
    const [r1, r2] = [await rig.open('s2r1'), await rig.open('s2r2')];
    for (const node of [r1, r2]) {
      await node.createStaging(staging, t, path);
      await node.createStaging(staging, t, path);
      await node.stopMerges(staging);
    }
    await r1.fetchPartition({ ...staging, partitionId }, t.path(1));
    return { t, staging, r1, r2, source: await rig.open('s1r1') };
  }

  test('FETCH brings the parts of any active replica into a table of another name; a second FETCH says that they are there', async () => {
    const { t, staging, r1, r2, source } = await staged();
    expect(await r1.hasDetached({ ...staging, partitionId })).toBe(true);
    expect(await r2.hasDetached({ ...staging, partitionId })).toBe(false); // FETCH is one server's own
    await expect(r1.fetchPartition({ ...staging, partitionId }, t.path(1))).rejects.toMatchObject({
      ...{ code: 'CLICKHOUSE_ALREADY_DETACHED', evidence: { serverCode: 256 } },
    });
    await r1.attachPartition({ ...staging, partitionId });
    await r2.syncReplica(staging);
    const digest = await source.digest({ ...t, partitionId });
    for (const node of [r1, r2]) expect(await node.digest({ ...staging, partitionId })).toEqual(digest);
    expect(await r1.hasDetached({ ...staging, partitionId })).toBe(false);
  });

  test('FETCH of a partition that nobody has, or from a path that is none, changes nothing', async () => {
    const { t, staging, r1 } = await staged();
    await expect(r1.fetchPartition({ ...staging, partitionId: '209901' }, t.path(1))).rejects.toMatchObject({
      code: 'CLICKHOUSE_PART_NOT_FOUND',
    });
    expect(await r1.hasDetached({ ...staging, partitionId: '209901' })).toBe(false);
    await expect(r1.fetchPartition({ ...staging, partitionId: '209901' }, '/none')).rejects.toMatchObject({
      code: 'CLICKHOUSE_KEEPER_NO_NODE',
    });
  });

  test('asking whether something is detached copies nothing and leaves nothing', async () => {
    const { t, r1 } = await staged();
    for (let times = 0; times < 2; times += 1) expect(await r1.hasDetached({ ...t, partitionId })).toBe(false);
    expect(await count('s2r1', t.full)).toBe(0);
  });

  test('ATTACH PARTITION FROM done twice adds the rows once: the second is taken for a repeated insert', async () => {
    const { t, staging, r1, r2 } = await attachedToStaging();
    for (let times = 0; times < 3; times += 1) await r1.attachPartitionFrom({ ...t, partitionId }, staging, 'own');
    await r2.syncReplica(t);
    for (const server of ['s2r1', 's2r2']) expect(await count(server, t.full)).toBe(3);
  });

  test('ATTACH PARTITION FROM done on the other replica after that adds nothing either', async () => {
    const { t, staging, r1, r2 } = await attachedToStaging();
    await r1.attachPartitionFrom({ ...t, partitionId }, staging, 'own');
    await r2.syncReplica(staging);
    await r2.attachPartitionFrom({ ...t, partitionId }, staging, 'own');
    await r1.syncReplica(t);
    expect(await count('s2r1', t.full)).toBe(3);
  });

  test('ATTACH PARTITION FROM done again after the destination merged adds nothing', async () => {
    const { t, staging, r1 } = await attachedToStaging();
    await r1.attachPartitionFrom({ ...t, partitionId }, staging, 'own');
    await merged(t, 's2r1');
    await r1.attachPartitionFrom({ ...t, partitionId }, staging, 'own');
    expect(await count('s2r1', t.full)).toBe(3);
  });

  test('ATTACH PARTITION FROM done again after STAGING merged doubles the rows: merges must be stopped there', async () => {
    const { t, staging, r1 } = await attachedToStaging();
    await r1.attachPartitionFrom({ ...t, partitionId }, staging, 'own');
    for (const node of [r1, await rig.open('s2r2')]) await node.startMerges(staging);
    await merged({ ...t, ...staging, full: `db.${staging.table}` }, 's2r1');
    await r1.attachPartitionFrom({ ...t, partitionId }, staging, 'own');
    expect(await count('s2r1', t.full)).toBe(6);
  });

  test('stopped merges hold against OPTIMIZE, whose merge stays in the queue, so that SYNC REPLICA waits as long', async () => {
    const { t, source } = await staged();
    const impatient = await rig.open('s1r1', { longTimeoutMs: 1_000 });
    const parts = async () => (await source.parts(t, partitionId)).length;
    await clickhouseCall(rig.cluster.node('s1r1'), `OPTIMIZE TABLE ${t.full}`, { timeoutMs: 500 }).catch(
      () => undefined,
    );
    await expect.poll(() => source.replicationQueue(t)).toMatchObject([{ type: 'MERGE_PARTS' }]);
    await expect(impatient.syncReplica(t)).rejects.toMatchObject({ code: 'CLICKHOUSE_TIMEOUT' });
    expect(await source.caughtUp(t)).toBe(true); // but for that merge
    expect(await parts()).toBe(3);
    for (const server of ['s1r1', 's1r2']) await rig.run(server, `SYSTEM START MERGES ${t.full}`);
    await rig.run('s1r1', `INSERT INTO ${t.full} VALUES ('2026-02-01', 1, NULL)`); // wakes the queue, which naps for 10 s
    await expect.poll(parts).toBe(1);
    await source.syncReplica(t);
  });

  test('a restarted server merges again: stopping is not written down', async () => {
    const { t } = await staged();
    const server = rig.cluster.node('s1r1');
    await server.restart();
    await rig.run('s1r2', `SYSTEM START MERGES ${t.full}`);
    await merged(t, 's1r1');
  });

  test('two identical parts in one ATTACH PARTITION FROM: Node exists, and nothing is attached', async () => {
    const t = await rig.table();
    const other = `${t.full}_same`;
    await rig.run('s2r1', `CREATE TABLE ${other} AS ${t.full} ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY n`);
    await rig.run('s2r1', `SYSTEM STOP MERGES ${other}`);
    for (let times = 0; times < 2; times += 1) await insert('s2r1', other, 1);
    const node = await rig.open('s2r1');
    const from = { database: 'db', table: `${t.table}_same` };
    await expect(node.attachPartitionFrom({ ...t, partitionId }, from, 'own')).rejects.toMatchObject({
      ...{ code: 'CLICKHOUSE_KEEPER_NODE_EXISTS', evidence: { serverCode: 999 } },
    });
    expect(await count('s2r1', t.full)).toBe(0);
  });

  test('ATTACH PARTITION FROM leaves out, without a word, a part with the content of one attached before', async () => {
    const { t, staging, r1 } = await attachedToStaging();
    const other = `${t.full}_other`;
    await rig.run('s2r1', `CREATE TABLE ${other} AS ${t.full} ENGINE = MergeTree PARTITION BY toYYYYMM(d) ORDER BY n`);
    await insert('s2r1', other, 1); // the same single row as the first part of staging
    await r1.attachPartitionFrom({ ...t, partitionId }, { database: 'db', table: `${t.table}_other` }, 'own');
    await r1.attachPartitionFrom({ ...t, partitionId }, staging, 'own');
    expect(await count('s2r1', t.full)).toBe(3); // 1 + 3 rows were meant
  });

  test('REPLACE PARTITION destroys what the destination had of its own', async () => {
    const { t, staging } = await attachedToStaging();
    await insert('s2r1', t.full, 77);
    await rig.run('s2r1', `ALTER TABLE ${t.full} REPLACE PARTITION ID '${partitionId}' FROM db.${staging.table}`);
    expect(await rig.run('s2r1', `SELECT n FROM ${t.full} ORDER BY n`)).toBe('1\n2\n3\n');
  });

  test('a materialized view on the destination sees neither FETCH nor ATTACH', async () => {
    const t = await rig.table();
    await rig.run(
      's2r1',
      `CREATE MATERIALIZED VIEW db.${t.table}_mv ENGINE = MergeTree ORDER BY n AS SELECT n FROM ${t.full}`,
    );
    await insert('s1r1', t.full, 1, 2);
    await insert('s2r1', t.full, 3);
    const node = await rig.open('s2r1');
    await node.fetchPartition({ ...t, partitionId }, t.path(1));
    await node.attachPartition({ ...t, partitionId });
    expect(await count('s2r1', t.full)).toBe(3);
    expect(await rig.run('s2r1', `SELECT n FROM db.${t.table}_mv`)).toBe('3\n');
  });

  test('moved rows carry no insert hashes: a producer’s retry at the destination is taken as new', async () => {
    const { t, staging, r1 } = await attachedToStaging();
    await r1.attachPartitionFrom({ ...t, partitionId }, staging, 'own');
    await insert('s1r1', t.full, 1); // at the source a retry is recognised
    expect(await count('s1r1', t.full)).toBe(3);
    await insert('s2r1', t.full, 1);
    expect(await count('s2r1', t.full)).toBe(4);
  });

  test('a table of another structure takes no partition', async () => {
    const { t, r1 } = await staged();
    const other = await rig.table({ columns: 'd Date, n UInt64, s Nullable(String), more UInt8' });
    await expect(r1.attachPartitionFrom({ ...t, partitionId }, other, 'own')).rejects.toMatchObject({
      code: 'CLICKHOUSE_STRUCTURE_DIFFERS',
    });
  });

  async function attachedToStaging() {
    const made = await staged();
    await made.r1.attachPartition({ ...made.staging, partitionId });
    await made.r2.syncReplica(made.staging);
    return made;
  }

  /** Merges the partition into one part, wherever its leader is. */
  async function merged(t: Pick<LabTable, 'full' | 'database' | 'table'>, server: string): Promise<void> {
    const node = await rig.open(server);
    await expect
      .poll(
        async () => {
          await rig.run(server, `OPTIMIZE TABLE ${t.full} PARTITION ID '${partitionId}' FINAL`);
          return (await node.parts(t, partitionId)).length;
        },
        { interval: 200 },
      )
      .toBe(1);
  }
});
