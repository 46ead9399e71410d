import { createHash } from 'node:crypto';
import { clickhouseCall } from '../../../lab/clickhouse/client.ts';
import type { ClickHouseServer } from '../../../lab/clickhouse/clickhouse.ts';
import type { RecordingProxy } from '../../../lab/faults/recording-proxy.ts';
import { rowsPerBlock } from '../../../lab/load/clickhouse-events.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import type { RedisNode } from '../../../lab/redis/node.ts';
import type { LabS3 } from '../../../lab/s3/s3.ts';

export const bucket = 'backups';
export const events = { database: 'load', table: 'events' } as const;
export const days = ['2020-01-01', '2020-01-02'] as const;
export const rowsOfDay = 2 * rowsPerBlock;
export const keysOfBackup = 100;

/** One server of production and one as staging, of each kind; an object store; and a backup in it. */
export type RestoreScene = {
  name: string;
  s3: LabS3;
  production: ClickHouseServer;
  staging: ClickHouseServer;
  primary: RedisNode;
  /** Workers know the primary by this address. */
  proxy: RecordingProxy;
  replica: RedisNode;
  stagingRedis: RedisNode;
};

/** Of all keys and values, in an order of their own. */
export async function keysDigest(node: RedisNode): Promise<string> {
  return withRedis(node, undefined, async (client) => {
    const keys = Array.from({ length: keysOfBackup }, (_, at) => `session:${at}`);
    return createHash('sha256')
      .update(JSON.stringify(await client.mget(keys)))
      .digest('hex');
  });
}

/** Takes away what a run restored, in production and in staging; what was thawed is cold again. */
export async function destroyAll({
  s3,
  production,
  staging,
  primary,
  stagingRedis,
  proxy,
}: RestoreScene): Promise<void> {
  await clickhouseCall(production, `DROP TABLE IF EXISTS ${events.database}.${events.table}`);
  for (const database of await stagingDatabases(staging)) await clickhouseCall(staging, `DROP DATABASE ${database}`);
  for (const node of [primary, stagingRedis])
    await withRedis(node, undefined, async (client) => {
      await client.call('REPLICAOF', 'NO', 'ONE');
      await client.flushall();
    });
  await s3.age(bucket, 'gantry/data/', 'GLACIER');
  s3.forget();
  proxy.clear('primary');
}

/** Of restores. */
export async function stagingDatabases(staging: ClickHouseServer): Promise<string[]> {
  const names = await clickhouseCall(
    staging,
    `SELECT name FROM system.databases WHERE name LIKE 'gantry\\\\_restore%'`,
  );
  return names.split('\n').filter(Boolean);
}
