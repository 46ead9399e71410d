import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { clickhouseCall } from '../../lab/clickhouse/client.ts';
import type { ClickHouseCluster, ClickHouseClusterOptions, ClickHouseServer } from '../../lab/clickhouse/clickhouse.ts';
import { startClickHouseCluster } from '../../lab/clickhouse/clickhouse.ts';
import type { ClickHouseConnectOptions, ClickHouseNode, TableName } from '../../src/drivers/clickhouse/index.ts';
import { connectClickHouse } from '../../src/drivers/clickhouse/index.ts';
import { removeSoon } from './remove-soon.ts';

/** A cluster that the tests of one file share; each has tables of its own. */
export type ClickHouseRig = {
  readonly cluster: ClickHouseCluster;
  /** The driver's connection to a server, closed when the test ends. */
  open(name: string, options?: ClickHouseConnectOptions): Promise<ClickHouseNode>;
  /** A statement of the lab's own, not the driver's. */
  run(name: string, statement: string): Promise<string>;
  /** A replicated table on every server, partitioned by month, and a Distributed one (`…_all`) over it. */
  table(options?: {
    columns?: string;
    partitionBy?: string;
    orderBy?: string;
    shardingKey?: string;
  }): Promise<LabTable>;
};

export type LabTable = TableName & { full: string; everywhere: string; path(shard: number): string };

/** Call it in `describe`: it starts the cluster before the tests and ends it after them. */
export function clickhouseRig(options: Partial<ClickHouseClusterOptions> = {}): ClickHouseRig {
  const stateDir = mkdtempSync(join(tmpdir(), 'gantry-lab-'));
  let cluster: ClickHouseCluster | undefined;
  let tables = 0;
  beforeAll(async () => void (cluster = await startClickHouseCluster({ stateDir, name: 'metrics', ...options })));
  afterAll(async () => {
    await cluster?.stop();
    removeSoon(stateDir);
  });
  const started = (): ClickHouseCluster => {
    if (!cluster) throw new Error('the cluster starts before the tests, not before them');
    return cluster;
  };
  const node = (name: string): ClickHouseServer => started().node(name);
  return {
    get cluster() {
      return started();
    },
    async open(name, given) {
      const { host, httpPort, password } = node(name);
      const credentials = password === undefined ? {} : { password };
      const opened = await connectClickHouse({ host, port: httpPort }, credentials, given);
      onTestFinished(() => opened.close());
      return opened;
    },
    run: (name, statement) => clickhouseCall(node(name), statement),
    async table({
      columns = 'd Date, n UInt64, s Nullable(String)',
      partitionBy = 'toYYYYMM(d)',
      orderBy = 'n',
      shardingKey = 'rand()',
    } = {}) {
      tables += 1;
      const name = `t${tables}`;
      const path = (shard: string): string => `/clickhouse/tables/${shard}/${name}`;
      for (const { name: server } of started().nodes) {
        await clickhouseCall(node(server), 'CREATE DATABASE IF NOT EXISTS db');
        await clickhouseCall(
          node(server),
          `CREATE TABLE db.${name} (${columns}) ENGINE = ReplicatedMergeTree('${path('{shard}')}', '{replica}')
            PARTITION BY ${partitionBy} ORDER BY ${orderBy}`,
        );
        await clickhouseCall(
          node(server),
          `CREATE TABLE db.${name}_all AS db.${name} ENGINE = Distributed(metrics, db, ${name}, ${shardingKey})`,
        );
      }
      return {
        ...{ database: 'db', table: name, full: `db.${name}`, everywhere: `db.${name}_all` },
        path: (shard) => path(String(shard).padStart(2, '0')),
      };
    },
  };
}
