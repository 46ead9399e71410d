import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { DefaultLogger, Runtime } from '@temporalio/worker';
import { labProcessFence } from '../../lab/redis/fence.ts';
import { auditCases, backupCases, drillCases, restoreCases } from './archive-cases.ts';
import { openArchiveStage, openBackupStage } from './archive-stage.ts';
import { keepHook, redundancyCases, rejoinCases } from './comeback-cases.ts';
import { failoverCases, leaseCases } from './failover-cases.ts';
import { guardCases } from './guard-cases.ts';
import { openClickHouseStage } from './clickhouse-stage.ts';
import { moveCases, undoMoveCases } from './move-cases.ts';
import type { Case } from './play.ts';
import { driftCases, retireCases, rolloutAllCases, rolloutCases } from './region-cases.ts';
import { openRegionStage } from './region-stage.ts';
import { keyReshardCases, splitCases } from './reshard-cases.ts';
import { scrubbed } from './scrub.ts';
import { addShardCases, drainShardCases, rebalanceCases } from './shard-cases.ts';
import { openShardStage } from './shard-stage.ts';
import type { RecordedStage, StageOptions } from './stage.ts';
import { openStage } from './stage.ts';
import { switchoverCases } from './switchover-cases.ts';
import { tierCases } from './tier-cases.ts';
import { openTierStage } from './tier-stage.ts';

// `make fixtures`: one finished run of each case on real parts; its history, without what is this machine's, becomes a
// fixture of this version. Those of earlier versions stay: runs that began with them must still replay. With the name of a
// workflow as its argument it records that one alone.
const [, , only = ''] = process.argv;
const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../..', import.meta.url));
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

// Runs that fail on purpose are no news.
Runtime.install({ logger: new DefaultLogger('ERROR') });
const recorded = new Map<string, string>();
const refuseWrites = { kind: 'refuse-writes' };
const processFence = (stateDir: string) => ({ fences: [refuseWrites, labProcessFence(stateDir)] });
await record('redisSwitchover', switchoverCases);
await record('redisFailover', failoverCases, { settings: (stateDir) => ({ failover: processFence(stateDir) }) });
await record('redisFailover', leaseCases, { settings: () => ({ failover: { fences: [refuseWrites, { kind: 'lease' }] } }) });
const comesBack = {
  settings: (stateDir: string) => ({ failover: processFence(stateDir), rejoin: { keep: keepHook(stateDir) } }),
};
await record('redisRejoin', rejoinCases, comesBack);
await record('redisRestoreRedundancy', redundancyCases, comesBack);
await record('redisGuard', guardCases, { settings: (stateDir) => ({ failover: processFence(stateDir), guard: { sampleEvery: '200ms', slice: '3s' } }) });
await recordOn('clickhouseMove', moveCases, openClickHouseStage);
await recordOn('clickhouseUndoMove', undoMoveCases, openClickHouseStage);
const openKeyedStage = () => openClickHouseStage({ keyed: true });
await recordOn('clickhouseKeyReshard', keyReshardCases, openKeyedStage);
await recordOn('clickhouseSplit', splitCases, openKeyedStage);
await recordOn('clickhouseRebalance', rebalanceCases, openShardStage);
await recordOn('clickhouseAddShard', addShardCases, () => openShardStage({ third: true }));
await recordOn('clickhouseDrainShard', drainShardCases, () => openShardStage({ empties: true }));
await recordOn('clickhouseTier', tierCases, openTierStage);
await recordOn('archiveBackup', backupCases, openBackupStage);
await recordOn('archiveRestore', restoreCases, openArchiveStage);
await recordOn('archiveDrill', drillCases, openArchiveStage);
await recordOn('archiveAudit', auditCases, openArchiveStage);
await recordOn('regionRollout', rolloutCases, openRegionStage);
await recordOn('regionRolloutAll', rolloutAllCases, openRegionStage);
await recordOn('regionRetire', retireCases, openRegionStage);
await recordOn('regionDrift', driftCases, openRegionStage);
for (const file of readdirSync(here)) if (file.startsWith(only) && file.includes(`@${version}-`)) rmSync(join(here, file));
for (const [file, history] of recorded) writeFileSync(join(here, file), history);

function record(workflow: string, cases: Readonly<Record<string, Case>>, options: StageOptions = {}): Promise<void> {
  return recordOn(workflow, cases, () => openStage(options));
}

async function recordOn<S extends Pick<RecordedStage, 'stateDir' | 'stop'>>(
  workflow: string,
  cases: Readonly<Record<string, Case<S>>>,
  open: () => Promise<S>,
): Promise<void> {
  if (only !== '' && workflow !== only) return;
  const stage = await open();
  try {
    for (const [name, play] of Object.entries(cases)) {
      const handle = await play(stage);
      const outcome = await handle.result().then(
        (report) => (report as { outcome?: string }).outcome ?? 'ended',
        (error: { cause?: { type?: string } }) => `failed: ${error.cause?.type}`,
      );
      const history = historyToJSON(await handle.fetchHistory());
      const folders = { [stage.stateDir]: '/lab', [root]: '' };
      recorded.set(`${workflow}@${version}-${name}.json`, scrubbed(history, folders));
      process.stdout.write(`${workflow} ${name.padEnd(24)} ${outcome}\n`);
    }
  } finally {
    await stage.stop();
  }
}
