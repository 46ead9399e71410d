import { expect, test } from 'vitest';
import { clickhouseRows } from '../../../lab/clickhouse/client.ts';
import { pause, until } from '../../../lab/clock.ts';
import { startModernClickHouse } from '../../../lab/clickhouse/modern.ts';
import { connectClickHouse } from '../../../src/drivers/clickhouse/index.ts';
import { serverCodes } from '../../../src/drivers/clickhouse/errors.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { clickhouseRig } from '../../support/clickhouse-rig.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';

const password = 'lab-secret-77ab';
const owner = { unit: 'clickhouse/metrics/1', attempt: 2 };

async function thrown(act: Promise<unknown>): Promise<GantryError> {
  const error: unknown = await act.catch((reason: unknown) => reason);
  if (error instanceof GantryError) return error;
  throw new Error(`not a GantryError: ${String(error)}`);
}

await describeWith(['clickhouse'], 'a connection to ClickHouse', () => {
  const rig = clickhouseRig({ shards: 1, password });
  const running = (pattern: string) =>
    clickhouseRows<{ query_id: string; query: string }>(
      rig.cluster.node('s1r1'),
      `SELECT query_id, query FROM system.processes WHERE query LIKE '%${pattern}%' AND query NOT LIKE '%processes%'`,
    );
  const gone = (pattern: string) => until(async () => (await running(pattern)).length === 0, 10_000);
  const endless = { database: 'db', table: 'endless', partitionId: 'all' };

  /** A view whose reading takes minutes: what a digest asks of a large partition. */
  async function endlessTable(): Promise<void> {
    await rig.run('s1r1', 'CREATE DATABASE IF NOT EXISTS db');
    await rig.run(
      's1r1',
      `CREATE VIEW IF NOT EXISTS db.endless AS SELECT number AS n, 'all' AS _partition_id FROM numbers(1000000000000)`,
    );
  }

  test('reports a wrong password as such, and never shows one', async () => {
    const { host, httpPort: port } = rig.cluster.node('s1r1');
    const wrong = 'not-the-password-5d2a';
    const error = await thrown(connectClickHouse({ host, port }, { password: wrong }));
    expect(error.code).toBe('CLICKHOUSE_AUTH_FAILED');
    expect(JSON.stringify(error) + error.message + String(error.stack) + String(error.cause)).not.toContain(wrong);
    await (await rig.open('s1r1')).ping();
  });

  test('tells a port where nobody listens from a server that says no', async () => {
    expect((await thrown(connectClickHouse({ host: '127.0.0.1', port: 1 }))).code).toBe('CLICKHOUSE_UNREACHABLE');
    const node = await rig.open('s1r1');
    const unknown = { database: 'system', table: 'no such', partitionId: '1' };
    expect((await thrown(node.digest(unknown))).code).toBe('CLICKHOUSE_UNKNOWN_TABLE');
    const missing = { database: 'nowhere', table: 'none', partitionId: '1' };
    expect(await thrown(node.dropPartition(missing, 'own'))).toMatchObject({
      evidence: { serverCode: 81 },
      code: 'CLICKHOUSE_UNKNOWN_DATABASE',
    });
  });

  test('kills on the server what does not end in time, and says so', async () => {
    await endlessTable();
    const node = await rig.open('s1r1', { owner, longTimeoutMs: 300 });
    const error = await thrown(node.digest(endless));
    expect(error).toMatchObject({ code: 'CLICKHOUSE_TIMEOUT', evidence: { killed: true, limitMs: 300 } });
    expect(await gone('endless')).toBe(true);
  });

  test('kills on the server what a cancelled run was waiting for, and throws the reason', async () => {
    await endlessTable();
    const cancel = new AbortController();
    const node = await rig.open('s1r1', { owner, signal: cancel.signal });
    const reading = node.digest(endless);
    reading.catch(() => undefined);
    const seen = await until(
      async () => (await running('endless')).find(({ query }) => query.includes('cityHash')),
      10_000,
    );
    expect(seen?.query_id).toMatch(/^gantry:clickhouse\/metrics\/1:2:[a-z0-9]+-\d+$/);
    const reason = new Error('the run was cancelled');
    cancel.abort(reason);
    await expect(reading).rejects.toBe(reason);
    expect(await gone('endless')).toBe(true);
    await expect(node.ping()).rejects.toBe(reason);
  });

  test('finds and stops what an earlier attempt left running, and nothing of its own or of others', async () => {
    await endlessTable();
    const first = await rig.open('s1r1', { owner: { ...owner, attempt: 1 } });
    const other = await rig.open('s1r1', {
      owner: { unit: 'clickhouse/metrics/11', attempt: 1 },
      longTimeoutMs: 4_000,
    });
    const second = await rig.open('s1r1', { owner });
    const left = thrown(first.digest(endless));
    const foreign = thrown(other.digest(endless));
    await until(
      async () => (await second.running(owner.unit)).some(({ statement }) => statement.includes('cityHash')),
      5_000,
    );
    expect(await second.killEarlier()).toBe(1);
    expect((await left).code).toBe('CLICKHOUSE_QUERY_KILLED');
    expect((await running('endless')).map(({ query_id }) => query_id.split(':')[1])).toEqual(['clickhouse/metrics/11']);
    expect((await foreign).code).toBe('CLICKHOUSE_TIMEOUT');
    expect(await second.killEarlier()).toBe(0);
  });

  test('calls a server that answers nothing a timeout, and one that died unreachable', async () => {
    const node = await rig.open('s1r2', { timeoutMs: 300 });
    const server = rig.cluster.node('s1r2');
    server.freeze();
    await pause(100); // all of its threads
    expect((await thrown(node.ping())).code).toBe('CLICKHOUSE_TIMEOUT');
    server.thaw();
    await pause(50);
    await server.kill();
    expect((await thrown(node.ping())).code).toBe('CLICKHOUSE_UNREACHABLE');
    await server.restart();
  });

  test('finds what 18.16 has and has not', async () => {
    const has = await (await rig.open('s1r1')).capabilities();
    expect([...has.statements]).toEqual(['attachPartitionFrom']);
    for (const absent of ['detached_parts', 'disks', 'distribution_queue']) {
      expect(has.systemTables).not.toContain(absent);
    }
    expect(has.systemTables).toContain('zookeeper');
    expect(has.partColumns).not.toContain('hash_of_all_files');
    expect(has.tableFunctions).not.toContain('clusterAllReplicas');
    expect(has.mergeTreeSettings).not.toContain('max_replicated_fetches_network_bandwidth');
    expect(has.settings).toContain('replication_alter_partitions_sync');
  });
});

await describeWith(['clickhouse-modern'], 'a connection to a modern ClickHouse', () => {
  test('finds what it has; its errors have the numbers and names that the driver knows', async () => {
    const server = stopping(await startModernClickHouse({ stateDir: labFolder() }));
    const node = await connectClickHouse({ host: server.host, port: server.httpPort });
    stopping({ stop: () => node.close() });
    const has = await node.capabilities();
    expect(has.statements.size).toBe(16);
    expect(has.partColumns).toContain('hash_of_all_files');
    expect(has.mergeTreeSettings).toContain('max_replicated_fetches_network_bandwidth');
    expect((await node.disks())?.map(({ name }) => name)).toEqual(['cold', 'default', 'frozen', 'hot', 'warm']);

    const numbers = Object.keys(serverCodes);
    const names = await clickhouseRows<{ name: string }>(
      server,
      `SELECT errorCodeToName(arrayJoin([${numbers.join(', ')}])) AS name`,
    );
    // A leader that ALTERs are sent to is a thing of the past.
    const today = Object.values(serverCodes).map(([name]) => (name === 'NOT_A_LEADER' ? '' : name));
    expect(names.map(({ name }) => name)).toEqual(today);
  });
});
