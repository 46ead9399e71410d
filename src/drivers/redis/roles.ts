import { parseReplication, unexpected } from './info.ts';
import { GantryError } from '../../errors/index.ts';
import type { Answer, Decision, RedisSession } from './session.ts';
import { guarded, stale, textOf } from './session.ts';
import type { Endpoint, Persisted, RedisNode, Replication, RoleChange } from './types.ts';
import { epochKey, leaseKey, minReplicasKey, settledKey } from './types.ts';

type Roles = Pick<
  RedisNode,
  | 'raiseEpoch'
  | 'markSettled'
  | 'recordMinReplicas'
  | 'demote'
  | 'stepDown'
  | 'promote'
  | 'repoint'
  | 'configSetAsReplica'
  | 'configSetUnder'
  | 'configPersistUntil'
  | 'persistRole'
  | 'failoverTo'
>;

/**
 * The verbs that decide who is primary. Each is one transaction that the node itself refuses once a later attempt has
 * raised the epoch, and the new role is written to the config file in the same breath: a restart at any moment comes
 * back in the role that was meant. Tried on 7.0.15, during a write pause too.
 */
export function roleVerbs(session: RedisSession): Roles {
  const { endpoint } = session;
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
    raiseEpoch: async (above = 0, from) => {
      let next = 0;
      return guarded<number>(
        session,
        {},
        (present) => {
          if (from !== undefined && present !== from) return overtaken(present, from);
          next = Math.max(present, above) + 1;
          return { commands: [['set', epochKey, String(next)]] };
        },
        ([answer]) => {
          if (answer?.ok === false) throw answer.error;
          return next;
        },
      );
    },

    markSettled: (epoch) =>
      guarded<void>(
        session,
        {},
        (present) =>
          present === epoch ? { commands: [['set', settledKey, String(epoch)]] } : overtaken(present, epoch),
        firstOf,
      ),

    recordMinReplicas: (epoch, count) =>
      guarded<void>(
        session,
        {},
        (present) =>
          present === epoch ? { commands: [['set', minReplicasKey, String(count)]] } : overtaken(present, epoch),
        firstOf,
      ),

    demote: (epoch, to) =>
      guarded<RoleChange>(
        session,
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
        session,
        { look: [['info', 'replication']] },
        (present, [info]) => {
          if (present > epoch) return overtaken(present, epoch);
          if (replication(info).role === 'primary') return { refuse: stale(endpoint, 'it is primary by now') };
          return { commands: change(to.host, String(to.port)) };
        },
        changed,
      ),

    stepDown: (epoch, to) =>
      guarded<RoleChange>(
        session,
        { look: [['info', 'replication']] },
        (present, [info]) => {
          // As a replica it may not have the newest epoch yet; a primary has the very one that was looked at.
          const isPrimary = replication(info).role === 'primary';
          if (present > epoch || (isPrimary && present !== epoch)) return overtaken(present, epoch);
          return { commands: change(to.host, String(to.port)) };
        },
        changed,
      ),

    // On a primary REPLICAOF NO ONE changes nothing; the rewrite behind it is what proves that the role is written down.
    promote: (epoch) =>
      guarded<RoleChange>(
        session,
        {},
        (present) => (present === epoch ? { commands: change('no', 'one') } : overtaken(present, epoch)),
        changed,
      ),

    configSetAsReplica: (epoch, name, value) =>
      guarded<void>(
        session,
        { look: [['info', 'replication']] },
        (present, [info]) => {
          if (present !== epoch) return overtaken(present, epoch);
          if (replication(info).role === 'replica') return { commands: [['config', 'set', name, value]] };
          return { refuse: stale(endpoint, `it is primary by now, ${name} stays as it is`) };
        },
        firstOf,
      ),

    configSetUnder: (epoch, name, value) =>
      guarded<void>(
        session,
        {},
        (present) => (present === epoch ? { commands: [['config', 'set', name, value]] } : overtaken(present, epoch)),
        firstOf,
      ),

    configPersistUntil: (epoch, settings, beforeChange) =>
      guarded<void>(
        session,
        {},
        (present) => {
          if (present > epoch) return overtaken(present, epoch);
          beforeChange?.();
          const sets = Object.entries(settings).map(([name, value]) => ['config', 'set', name, value]);
          return { commands: [...sets, ['config', 'rewrite']] };
        },
        (answers) => {
          const rewrite = answers.pop();
          for (const answer of answers) if (!answer.ok) throw answer.error;
          if (rewrite?.ok === false) throw notPersisted(rewrite.error);
        },
      ),

    persistRole: async () => {
      const [info, rewrite] =
        (await session.transaction([
          ['info', 'replication'],
          ['config', 'rewrite'],
        ])) ?? [];
      if (!info || !rewrite) return unexpected(endpoint, 'the transaction did not answer every command');
      if (!info.ok) throw info.error;
      if (!rewrite.ok) throw notPersisted(rewrite.error);
      return replication(info.value);
    },

    failoverTo: (epoch, to, timeoutMs) =>
      guarded<void>(
        session,
        {},
        (present) =>
          present === epoch
            ? { commands: [['failover', 'to', to.host, String(to.port), 'timeout', String(timeoutMs)]] }
            : overtaken(present, epoch),
        firstOf,
      ),
  };
}

function firstOf([answer]: Answer[]): void {
  if (answer?.ok === false) throw answer.error;
}

function notPersisted({ code, message, evidence }: GantryError): GantryError {
  // Without an answer nothing is known about the file.
  return new GantryError(code === 'REDIS_COMMAND_FAILED' ? 'REDIS_NOT_PERSISTED' : code, message, { evidence });
}

function persisted(rewrite: Answer): Persisted {
  return rewrite.ok ? { persisted: true } : { persisted: false, because: rewrite.error.message };
}

function leaseSpent({ host, port }: Endpoint): GantryError {
  return new GantryError('HANDOVER_LEASE_SPENT', `${host}:${port}: the lease of this attempt has ended`);
}
