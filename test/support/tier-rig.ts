import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clickhouseCall, clickhouseRows } from '../../lab/clickhouse/client.ts';
import type { ModernClickHouse } from '../../lab/clickhouse/modern.ts';
import { startModernClickHouse } from '../../lab/clickhouse/modern.ts';
import { loadPlatform } from '../../src/platform/index.ts';
import type { Notice } from '../../src/runs/index.ts';
import { createLog } from '../../src/telemetry/log.ts';
import type { WorkerSettings } from '../../workers/context.ts';
import { startWorkers } from '../../workers/all.ts';
import { makeRollups } from './rollups.ts';
import { tierPlatform } from './tier-platform.ts';

/** The modern engine with the shipped roll-ups, a platform file, and workers over it. */
export type TierRig = {
  readonly server: ModernClickHouse;
  readonly platformFile: string;
  readonly taskQueue: string;
  sql(statement: string): Promise<string>;
  /** On which disk each partition of a table is; one that is on several has them all. */
  disksOf(table: string): Promise<Record<string, string>>;
  notices(): Notice[];
  stop(): Promise<void>;
};

export type TierRigOptions = Pick<WorkerSettings, 'wrapDriver'> & {
  taskQueue: string;
  approvals?: 0 | 1;
  family?: Record<string, unknown>;
  stateDir?: string;
};

export async function startTierRig(address: string, options: TierRigOptions): Promise<TierRig> {
  const { taskQueue, approvals = 0, family, wrapDriver } = options;
  const stateDir = options.stateDir ?? mkdtempSync(join(tmpdir(), 'gantry-tier-'));
  const server = await startModernClickHouse({ stateDir });
  await makeRollups([server], 'single', 'tiered');
  const profile = { heartbeat: '2s', attempts: 2, firstRetry: '50ms', maxRetry: '100ms' };
  const noticeFile = join(stateDir, 'notices.jsonl');
  const platformFile = join(stateDir, 'platform.yaml');
  const placed = { host: server.host, httpPort: server.httpPort, name: 'ch-1', shard: 1, replica: 1 };
  const platform = tierPlatform({
    servers: [placed],
    ...(family ? { family } : {}),
    rest: {
      policies: {
        default: { approval: { people: approvals }, profiles: { quick: profile, slow: profile, watched: profile } },
      },
      reports: { folder: join(stateDir, 'reports') },
      notify: { file: noticeFile },
    },
  });
  writeFileSync(platformFile, JSON.stringify(platform));
  const workers = await startWorkers(
    {
      connection: { address, namespace: 'default', options: { address } },
      taskQueue,
      platform: loadPlatform(platformFile),
      log: createLog('fatal'),
      env: process.env,
      ...(wrapDriver ? { wrapDriver } : {}),
    },
    ['orchestration', 'clickhouse'],
  );
  return {
    server,
    platformFile,
    taskQueue,
    sql: (statement) => clickhouseCall(server, statement),
    async disksOf(table) {
      const rows = await clickhouseRows<{ id: string; disks: string[] }>(
        server,
        `SELECT partition_id AS id, arraySort(groupUniqArray(disk_name)) AS disks FROM system.parts
          WHERE active AND database = 'metrics' AND table = '${table}' GROUP BY id ORDER BY id`,
      );
      return Object.fromEntries(rows.map(({ id, disks }) => [id, disks.join(' ')]));
    },
    notices() {
      const lines = readFileSync(noticeFile, 'utf8').trim().split('\n');
      return lines.map((line) => JSON.parse(line) as Notice);
    },
    async stop() {
      await workers.stop();
      await server.stop();
      if (options.stateDir === undefined) rmSync(stateDir, { recursive: true, force: true });
    },
  };
}
