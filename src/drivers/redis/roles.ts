import { parseReplication, unexpected } from './info.ts';
import { GantryError } from '../../errors/index.ts';
import type { Answer, Decision, RedisLink } from './link.ts';
import { guarded, stale, textOf } from './link.ts';
import type { Endpoint, Persisted, RedisNode, Replication, RoleChange } from './types.ts';
import { epochKey, leaseKey } from './types.ts';

type Roles = Pick<
  RedisNode,
  'raiseEpoch' | 'demote' | 'promote' | 'repoint' | 'configSetAsReplica' | 'failoverTo' | 'failoverAbort'
>;

/**
 * The verbs that decide who is primary. Each is one transaction that the node itself refuses once a later attempt has
 * raised the epoch, and the new role is written to the config file in the same breath: a restart at any moment comes
 * back in the role that was meant. Tried on 7.0.15, during a write pause too.
 */
export function roleVerbs(link: RedisLink): Roles {
  const { endpoint, send } = link;
  const replication = (value: unknown): Replication =>
    parseReplication(textOf(value, endpoint, 'INFO replication'), endpoint);

  /** INFO comes first: its offset is that of the very moment of the change. */
  const change = (...replicaOf: string[]): string[][] => [
    ['info', 'replication'],
    ['replicaof', ...replicaOf],
    ['config', 'rewrite'],
  ];
  const changed = ([info, role, rewrite]: Answer[]): RoleChange => {
    if (!info || !role || !rewrite) return unexpected(endpoint, 'the transaction did not answer every command');
    if (!info.ok) throw info.error;
    if (!role.ok) throw role.error;
    const { offset, replid } = replication(info.value);
    return { offset, replid, ...persisted(rewrite) };
  };
  const overtaken = (present: number, mine: number): Decision<never> => ({
    refuse: stale(endpoint, `the epoch here is ${present}, this attempt's is ${mine}`),
  });

  return {
    raiseEpoch: async (above = 0) => {
      let next = 0;
      return guarded<number>(
        link,
        {},
        (present) => {
          next = Math.max(present, above) + 1;
          return { commands: [['set', epochKey, String(next)]] };
        },
        ([answer]) => {
          if (answer?.ok === false) throw answer.error;
          return next;
        },
      );
    },

    demote: (epoch, to) =>
      guarded<RoleChange>(
        link,
        { watch: [leaseKey], look: [['get', leaseKey]] },
        (present, [lease]) => {
          if (present !== epoch) return overtaken(present, epoch);
          if (lease !== String(epoch)) return { refuse: leaseSpent(endpoint) };
          return { commands: change(to.host, String(to.port)) };
        },
        changed,
      ),

    // A replica that is re-pointed may not have the newest epoch yet: only a higher one than the caller's is a refusal.
    repoint: (epoch, to) =>
      guarded<RoleChange>(
        link,
        {},
        (present) => (present > epoch ? overtaken(present, epoch) : { commands: change(to.host, String(to.port)) }),
        changed,
      ),

    promote: (epoch) =>
      guarded<RoleChange>(
        link,
        { look: [['info', 'replication']] },
        (present, [info]) => {
          if (present !== epoch) return overtaken(present, epoch);
          const { role, offset, replid } = replication(info);
          if (role === 'primary') return { settled: { offset, replid, persisted: true } };
          return { commands: change('no', 'one') };
        },
        changed,
      ),

    configSetAsReplica: (name, value) =>
      guarded<void>(
        link,
        { look: [['info', 'replication']] },
        (_present, [info]) =>
          replication(info).role === 'replica'
            ? { commands: [['config', 'set', name, value]] }
            : { refuse: stale(endpoint, `it is primary by now, ${name} stays as it is`) },
        ([answer]) => {
          if (answer?.ok === false) throw answer.error;
        },
      ),

    failoverTo: (epoch, to, timeoutMs) =>
      guarded<void>(
        link,
        {},
        (present) =>
          present === epoch
            ? { commands: [['failover', 'to', to.host, String(to.port), 'timeout', String(timeoutMs)]] }
            : overtaken(present, epoch),
        ([answer]) => {
          if (answer?.ok === false) throw answer.error;
        },
      ),

    failoverAbort: async () => {
      const { failoverState } = replication(await send('info', 'replication'));
      if (failoverState !== 'waiting-for-sync') return false;
      await send('failover', 'abort');
      return true;
    },
  };
}

function persisted(rewrite: Answer): Persisted {
  return rewrite.ok ? { persisted: true } : { persisted: false, because: rewrite.error.message };
}

function leaseSpent({ host, port }: Endpoint): GantryError {
  return new GantryError('HANDOVER_LEASE_SPENT', `${host}:${port}: the lease of this attempt has ended`);
}
