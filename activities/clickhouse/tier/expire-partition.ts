import { GantryError } from '../../../src/errors/index.ts';
import type { RollupReading, TierExpiry } from '../../../src/planning/clickhouse/index.ts';
import { shardName } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { asStep, serversOf, withServer } from '../access/access.ts';
import type { ExpiryStanding } from './expiry-state.ts';
import { droppedUnproven, standingOf, standingOn } from './expiry-state.ts';
import { gateOf } from './prove-rollup.ts';
import { nameOf } from './level.ts';

/** An expiry whose gate was open a moment ago, with what was read then. */
export type ProvenExpiry = TierExpiry & { proof: RollupReading; standing?: readonly ExpiryStanding[] };

/** Where the shards stood before this attempt proved the partition once more. */
const provenBy = new WeakMap<StepContext, readonly ExpiryStanding[]>();

/** The servers that still have it. */
export type Copies = { on: readonly string[] };

/**
 * Drops a partition, shard by shard, once its gate is proven again. There is no undo. Cut off between two shards, what
 * the first one had is known from the proof: the roll-up must still add up to it and the rest. What comes to a shard between
 * that proof and its drop voids it; what comes between the last look and the statement is found in the replication log.
 */
export const expirePartition = defineStep<ProvenExpiry, Copies, ClickHouseDeps>({
  name: 'clickhouse.expire-partition',
  // The other replicas follow by the replication log.
  settleMs: 60_000,
  settleEveryMs: 200,
  probe: async (expiry, { clusters }, context) => {
    const access = await clusters(expiry.cluster);
    const on = await holders(access, expiry, context);
    if (on.length === 0) {
      const before = provenBy.get(context) ?? expiry.standing ?? [];
      const late = await droppedUnproven(access, expiry, before, context);
      if (late.length === 0) return done({ on }, `${expiry.partition} is on no server any more`);
      const summary = `${expiry.partition} is gone, and with it what came after it was proven: ${late.join('; ')}`;
      return blocked('CLICKHOUSE_DROPPED_LATE', { on }, summary);
    }
    const begun = on.length < access.config.nodes.length && dropped(access, on, expiry).length > 0;
    return todo({ on }, `${expiry.partition} is on ${on.join(', ')}`, { begun });
  },
  apply: async (expiry, _seen, { clusters, log, ...deps }, context) => {
    const access = await clusters(expiry.cluster);
    const { cluster, table, partition, proof } = expiry;
    const on = await holders(access, expiry, context);
    const gone = dropped(access, on, expiry);
    const { shards: before, underWay } = await standingOf(access, expiry, context);
    if (underWay.length > 0) throw new GantryError('CLICKHOUSE_MUTATION_RUNNING', underWay.join('; '));
    provenBy.set(context, before);
    const gate = await gateOf(
      access,
      expiry,
      context,
      deps,
      proof.here.filter(({ shard }) => gone.includes(shard)),
    );
    if (gate.verdict === 'blocked') {
      throw new GantryError(gate.code, gate.summary, { evidence: { seen: gate.observed } });
    }
    for (let shard = 1; shard <= access.config.shards; shard += 1) {
      // One replica has dropped it: the others have the order, and are waited for below.
      if (gone.includes(shard)) continue;
      const server = serversOf(access, shard).find((name) => on.includes(name));
      if (server === undefined) continue;
      await withServer(
        access,
        server,
        async (node) => {
          await node.killEarlier();
          const was = before.find((one) => one.shard === shard)?.seen;
          if (was !== (await standingOn(node, shard, expiry)).seen) {
            const message = `${table} ${partition}: rows, a mutation or another ALTER came to ${shardName(shard)} while it was proven`;
            throw new GantryError('CLICKHOUSE_TABLE_CHANGED', message);
          }
          await node.dropPartition({ ...nameOf(table), partitionId: partition }, 'own');
        },
        asStep(context),
      );
      log.info({ cluster, table, partition, shard }, 'partition expired');
    }
  },
});

async function holders(
  access: ClickHouseClusterAccess,
  { table, partition }: TierExpiry,
  context: StepContext,
): Promise<string[]> {
  const on: string[] = [];
  for (const { name } of access.config.nodes) {
    const parts = await withServer(access, name, (node) => node.parts(nameOf(table), partition), asStep(context));
    if (parts.length > 0) on.push(name);
  }
  return on;
}

/** Shards that had it when it was proven and of which some replica has it no more: an earlier attempt got that far. */
function dropped({ config }: ClickHouseClusterAccess, on: readonly string[], { proof }: ProvenExpiry): number[] {
  const had = proof.here.filter(({ days }) => days.length > 0).map(({ shard }) => shard);
  return had.filter((shard) => config.nodes.some((node) => node.shard === shard && !on.includes(node.name)));
}
