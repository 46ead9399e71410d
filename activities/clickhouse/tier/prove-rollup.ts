import type { RollupReading, TierExpiry } from '../../../src/planning/clickhouse/index.ts';
import { compareRollup, differenceInWords, sharesDays } from '../../../src/planning/clickhouse/index.ts';
import { blocked, defineStep, done } from '../../../src/steps/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { asStep, withServer } from '../access/access.ts';
import type { ExpiryStanding } from './expiry-state.ts';
import { standingOf } from './expiry-state.ts';
import { backupOf } from './backup-of.ts';
import { readRollup } from './read-rollup.ts';
import { levelOf, nameOf } from './level.ts';

/** What was read for the proof of a partition, both sides; it goes on into the step that expires it. */
export type RollupProof = {
  reading: RollupReading;
  rows: string;
  backup: string;
  /** Of each shard, before it was read. */
  standing?: readonly ExpiryStanding[];
};

/**
 * The gate of an expiry: the next level adds up to it, nothing of those days is left on the level before, and a backup is
 * known. It changes nothing.
 */
export const proveRollup = defineStep<TierExpiry, RollupProof, ClickHouseDeps>({
  name: 'clickhouse.prove-rollup',
  probe: async (expiry, { clusters, ...deps }, context) => {
    const access = await clusters(expiry.cluster);
    const { shards, underWay } = await standingOf(access, expiry, context);
    const gate = await gateOf(access, expiry, context, deps);
    if (gate.verdict === 'blocked') return gate;
    const seen = { ...gate.observed, standing: shards };
    // What is read may be rewritten a moment later.
    if (underWay.length > 0) return blocked('CLICKHOUSE_MUTATION_RUNNING', seen, underWay.join('; '));
    return done(seen, gate.summary);
  },
});

/** @throws CLICKHOUSE_REPLICAS_DISAGREE, and what reading gives; a gate that is shut is `blocked` */
export async function gateOf(
  access: ClickHouseClusterAccess,
  { cluster, table, partition }: TierExpiry,
  context: StepContext,
  deps: Pick<ClickHouseDeps, 'archived'>,
  gone?: RollupReading['here'],
): Promise<Probe<RollupProof>> {
  const level = levelOf(access, cluster, table);
  const { signal } = context;
  const connect = asStep(context);
  const { next, before, noBackup } = level.intent;
  const reading = await readRollup(access, level, partition, { connect, ...(gone ? { gone } : {}) });
  const seen = (backup: string, rows = ''): RollupProof => ({ reading, rows, backup });
  const verdict = next === undefined ? undefined : compareRollup(reading);
  if (next !== undefined && verdict && !verdict.equal) {
    const words = verdict.differences.slice(0, 5).map((one) => differenceInWords(one, next));
    const what = words.length > 0 ? words.join('; ') : 'nothing was read of it';
    return blocked('CLICKHOUSE_ROLLUP_DIFFERS', seen('not asked', verdict.rows), `${table} ${partition}: ${what}`);
  }
  const finer = before === undefined ? [] : await stillThere(access, before, partition, connect);
  if (finer.length > 0) {
    const what = `${before ?? ''} still has ${finer.slice(0, 5).join(', ')}`;
    return blocked('CLICKHOUSE_ROLLUP_OPEN', seen('not asked'), `${table} ${partition}: ${what}`);
  }
  const of = { cluster, table, partition };
  const backup = await backupOf(access, level, of, deps, { ...connect, signal });
  if (!backup.known && noBackup === undefined) {
    return blocked('CLICKHOUSE_NOT_BACKED_UP', seen(backup.evidence), `${table} ${partition}: ${backup.evidence}`);
  }
  const proven = verdict ? `${verdict.rows} samples, equal in ${next ?? ''}` : 'the last level';
  return done(seen(backup.evidence, verdict?.rows), `${table} ${partition}: ${proven}; backup: ${backup.evidence}`);
}

async function stillThere(
  access: ClickHouseClusterAccess,
  table: string,
  partition: string,
  connect: Parameters<typeof withServer>[3],
): Promise<string[]> {
  const found = new Set<string>();
  for (const { name } of access.config.nodes) {
    const ids = await withServer(access, name, (node) => node.partitions(nameOf(table)), connect);
    for (const { partitionId } of ids) if (sharesDays(partitionId, partition)) found.add(partitionId);
  }
  return [...found].sort();
}
