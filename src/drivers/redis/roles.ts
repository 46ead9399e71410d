import { parseReplication, unexpected } from './info.ts';
import type { Answer, RedisLink } from './link.ts';
import { guarded, textOf } from './link.ts';
import type { Endpoint, Persisted, RedisNode, Replication, RoleChange } from './types.ts';
import { epochKey } from './types.ts';

type Roles = Pick<RedisNode, 'raiseEpoch' | 'demote' | 'promote' | 'repoint' | 'failoverTo' | 'failoverAbort'>;

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
    return { offset: replication(info.value).offset, ...persisted(rewrite) };
  };
  const follow = (to: Endpoint, allowed: (epoch: number) => boolean, epoch: number): Promise<RoleChange> =>
    guarded<RoleChange>(
      link,
      [],
      (present) => (allowed(present) ? change(to.host, String(to.port)) : { stale: overtaken(present, epoch) }),
      changed,
    );

  return {
    raiseEpoch: async (above = 0) => {
      let next = 0;
      return guarded<number>(
        link,
        [],
        (present) => {
          next = Math.max(present, above) + 1;
          return [['set', epochKey, String(next)]];
        },
        ([answer]) => {
          if (answer?.ok === false) throw answer.error;
          return next;
        },
      );
    },

    demote: (epoch, to) => follow(to, (present) => present === epoch, epoch),

    // A replica that is re-pointed may not have the newest epoch yet: only a higher one than the caller's is a refusal.
    repoint: (epoch, to) => follow(to, (present) => present <= epoch, epoch),

    promote: (epoch) =>
      guarded<RoleChange>(
        link,
        [['info', 'replication']],
        (present, [info]) => {
          if (present !== epoch) return { stale: overtaken(present, epoch) };
          const seen = replication(info);
          return seen.role === 'primary' ? { settled: { offset: seen.offset, persisted: true } } : change('no', 'one');
        },
        changed,
      ),

    failoverTo: (epoch, to, timeoutMs) =>
      guarded<void>(
        link,
        [],
        (present) =>
          present === epoch
            ? [['failover', 'to', to.host, String(to.port), 'timeout', String(timeoutMs)]]
            : { stale: overtaken(present, epoch) },
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

function overtaken(present: number, mine: number): string {
  return `the epoch here is ${present}, this attempt's is ${mine}`;
}
