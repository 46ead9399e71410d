import type { ActionOf } from '../../../runs/index.ts';
import type { TierAlign, TierFacts, TierIntent, TierServer } from './types.ts';
import type { Finding } from '../facts/types.ts';

/**
 * What each server's own declaration of the table has against the platform file: another storage policy, a TTL that deletes
 * what only a proof may expire. Moves that a TTL makes stay. Pure.
 */
export function tierAligns(intent: TierIntent, { servers }: TierFacts): TierAlign[] {
  const { cluster, table } = intent;
  return servers.flatMap((server): TierAlign[] => {
    const ttl = ttlOf(server);
    const policy = policyOf(intent, server);
    if (!ttl && !policy) return [];
    return [{ cluster, table, server: server.name, ...(ttl ? { ttl } : {}), ...(policy ? { policy } : {}) }];
  });
}

/** Why a server can't be given the declared policy. */
export function policyFindings({ table, policy }: TierIntent, { name, storage }: TierServer): Finding[] {
  if (policy === undefined || !storage || storage.policy === policy) return [];
  const found = (message: string): Finding[] => [{ code: 'CLICKHOUSE_NO_VOLUME', message, place: name }];
  const { wanted } = storage;
  if (!wanted) return found(`${name} has no storage policy ${policy}, which the platform file declares for ${table}`);
  const missing = storage.volumes.filter(({ name: volume }) => !wanted.volumes.some((one) => one.name === volume));
  if (missing.length === 0) return [];
  const names = missing.map(({ name: volume }) => volume).join(', ');
  return found(
    `${policy} lacks ${names} of ${storage.policy}, which ${table} has on ${name}: the server would refuse it`,
  );
}

/** The plan's lines for them. */
export function alignActions(aligns: readonly TierAlign[]): ActionOf<'clickhouse.tier'>[] {
  return aligns.flatMap(({ server, table, ttl, policy }): ActionOf<'clickhouse.tier'>[] => {
    const action = (what: string, reversible: boolean) => ({
      step: 'clickhouse.align-table' as const,
      what,
      reversible,
    });
    return [
      ...(policy
        ? [action(`Give ${table} on ${server} the policy ${policy.to} instead of ${policy.from}`, false)]
        : []),
      ...(ttl
        ? [
            action(
              `Take “${ttl.deletes}” off the TTL of ${table} on ${server}, rewriting nothing${ttl.to === undefined ? '' : `; “${ttl.to}” stays`}`,
              true,
            ),
          ]
        : []),
    ];
  });
}

function ttlOf({ ttl }: TierServer): TierAlign['ttl'] {
  if (!ttl || ttl.deletes.length === 0) return undefined;
  const deletes = ttl.deletes.join(', ');
  return { from: ttl.whole, deletes, ...(ttl.keeps.length > 0 ? { to: ttl.keeps.join(', ') } : {}) };
}

function policyOf({ policy }: TierIntent, { storage }: TierServer): TierAlign['policy'] {
  return policy === undefined || !storage || storage.policy === policy
    ? undefined
    : { from: storage.policy, to: policy };
}
