import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import type { TierAlign } from '../../../src/planning/clickhouse/index.ts';
import { tableTtl } from '../../../src/planning/clickhouse/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { asStep, withServer } from '../access/access.ts';
import { nameOf } from './level.ts';
import { mustHave } from './read.ts';

/** How a server declares the table: its TTL in the server's own words, '' where it has none, and its storage policy. */
export type Declared = { ttl: string; policy: string };

/**
 * Gives a table on one server its policy, and takes what deletes off its TTL. No part is rewritten, and those that know the
 * former TTL are not deleted by it later: tried on 26.7 with parts whose time was over, `ttl_only_drop_parts` on and off.
 * Replicas share a TTL: the first one's change is found done on the next.
 */
export const alignTable = defineStep<TierAlign, Declared, ClickHouseDeps>({
  name: 'clickhouse.align-table',
  probe: (align, { clusters }, context) => onServer(align, clusters, context, (node) => look(align, node)),
  apply: (align, _seen, { clusters, log }, context) =>
    onServer(align, clusters, context, async (node) => {
      const { cluster, table, server, ttl, policy } = align;
      const seen = await declared(align, node);
      if (policy && seen.policy !== policy.to) await node.changeStoragePolicy(nameOf(table), policy.to);
      if (ttl && seen.ttl !== (ttl.to ?? '')) await node.changeTtl(nameOf(table), ttl.to);
      log.info({ cluster, table, server, ttl, policy }, 'table aligned with the platform file');
    }),
  // A policy is left: the server takes none back that lacks a volume, and the new one has all that the former had.
  undo: (align, before, { clusters }, context) =>
    onServer(align, clusters, context, async (node) => {
      const { table, ttl } = align;
      if (!ttl || (await declared(align, node)).ttl === before.ttl) return;
      await node.changeTtl(nameOf(table), before.ttl === '' ? undefined : before.ttl);
    }),
});

async function onServer<T>(
  { cluster, server }: TierAlign,
  clusters: ClickHouseDeps['clusters'],
  context: StepContext,
  use: (node: ClickHouseNode) => Promise<T>,
): Promise<T> {
  return withServer(await clusters(cluster), server, use, asStep(context));
}

async function declared({ table, server }: TierAlign, node: ClickHouseNode): Promise<Declared> {
  const { engineFull } = await mustHave(node, server, table);
  const policy = (await node.storage(nameOf(table)))?.policy ?? '';
  return { ttl: tableTtl(engineFull)?.whole ?? '', policy };
}

async function look(align: TierAlign, node: ClickHouseNode): Promise<Probe<Declared>> {
  const { table, server, ttl, policy } = align;
  const seen = await declared(align, node);
  const where = `${table} on ${server}`;
  if (ttl && seen.ttl !== ttl.from && seen.ttl !== (ttl.to ?? '')) {
    return blocked('CLICKHOUSE_DECLARATION_CHANGED', seen, `${where} has the TTL “${seen.ttl}”, not “${ttl.from}”`);
  }
  if (policy && seen.policy !== policy.from && seen.policy !== policy.to) {
    return blocked(
      'CLICKHOUSE_DECLARATION_CHANGED',
      seen,
      `${where} has the policy ${seen.policy}, not ${policy.from}`,
    );
  }
  const wrong = [
    ...(ttl && seen.ttl !== (ttl.to ?? '') ? [`the TTL deletes: ${ttl.deletes}`] : []),
    ...(policy && seen.policy !== policy.to ? [`its policy is ${seen.policy}`] : []),
  ];
  if (wrong.length > 0) return todo(seen, `${where}: ${wrong.join('; ')}`);
  return done(seen, `${where} has ${seen.ttl === '' ? 'no TTL' : `the TTL “${seen.ttl}”`}, policy ${seen.policy}`);
}
