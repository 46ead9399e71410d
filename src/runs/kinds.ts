import type { Domain } from './queues.ts';

/** A part of a workflow id: letters, digits, dot, dash, underscore; it starts with a letter or digit. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/** What everyone, workflows included, must know of a kind of run. Schemas and docs are in src/registry. */
export type KindDefinition = {
  domain: Domain;
  verb: string;
  /** The exported workflow function. */
  workflowType: string;
  /** The fields of the input that name the target, from the widest to the narrowest: group; cluster and table. */
  targetFields: readonly [string, ...string[]];
  /** An outage never waits: started under an id of its own, such a run pre-empts whoever holds its target. */
  emergency?: true;
  /**
   * A part of the runs of that kind: only the run that holds the wider lock (all but the last of the target's names) starts
   * it, and that run's approval covers it. A dry run of it may be made by anyone.
   */
  startedBy?: string;
};

export const kinds = {
  'redis.switchover': { domain: 'redis', verb: 'switchover', workflowType: 'redisSwitchover', targetFields: ['group'] },
  'redis.failover': {
    domain: 'redis',
    verb: 'failover',
    workflowType: 'redisFailover',
    targetFields: ['group'],
    emergency: true,
  },
  'redis.rejoin': { domain: 'redis', verb: 'rejoin', workflowType: 'redisRejoin', targetFields: ['group'] },
  'redis.restore-redundancy': {
    domain: 'redis',
    verb: 'restore-redundancy',
    workflowType: 'redisRestoreRedundancy',
    targetFields: ['group'],
  },
  'clickhouse.move': {
    domain: 'clickhouse',
    verb: 'move',
    workflowType: 'clickhouseMove',
    targetFields: ['cluster', 'table', 'partition'],
    startedBy: 'clickhouse.rebalance',
  },
  'clickhouse.tier': {
    domain: 'clickhouse',
    verb: 'tier',
    workflowType: 'clickhouseTier',
    targetFields: ['cluster', 'table'],
  },
  'clickhouse.undo-move': {
    domain: 'clickhouse',
    verb: 'undo-move',
    workflowType: 'clickhouseUndoMove',
    targetFields: ['cluster', 'table'],
  },
  'clickhouse.key-reshard': {
    domain: 'clickhouse',
    verb: 'key-reshard',
    workflowType: 'clickhouseKeyReshard',
    targetFields: ['cluster', 'table'],
  },
  'clickhouse.split': {
    domain: 'clickhouse',
    verb: 'split',
    workflowType: 'clickhouseSplit',
    targetFields: ['cluster', 'table', 'partition'],
    startedBy: 'clickhouse.key-reshard',
  },
  'clickhouse.rebalance': {
    domain: 'clickhouse',
    verb: 'rebalance',
    workflowType: 'clickhouseRebalance',
    targetFields: ['cluster', 'table'],
  },
  'clickhouse.add-shard': {
    domain: 'clickhouse',
    verb: 'add-shard',
    workflowType: 'clickhouseAddShard',
    targetFields: ['cluster'],
  },
  'clickhouse.drain-shard': {
    domain: 'clickhouse',
    verb: 'drain-shard',
    workflowType: 'clickhouseDrainShard',
    targetFields: ['cluster'],
  },
} as const satisfies Record<string, KindDefinition>;

export type Kind = keyof typeof kinds;

/** Whether `kind` is one that this build knows. */
export function isKind(kind: string): kind is Kind {
  return Object.hasOwn(kinds, kind);
}

export type IdResult = { ok: true; id: string; target: string } | { ok: false; problem: string; place: string };

/**
 * The workflow id of a run, from the input alone: it is the lock of the target. Guarded: whatever the input is (nothing,
 * a list, a text), it answers what is wrong instead of throwing.
 */
export function runId(kind: Kind, input: unknown): IdResult {
  const { domain, targetFields } = kinds[kind];
  const names: string[] = [];
  for (const field of targetFields) {
    const part = targetOf(input, field);
    if (!part.ok) return part;
    names.push(part.target);
  }
  const target = names.join('/');
  return { ok: true, id: lockId(domain, target), target };
}

/** The workflow id that locks a target of a domain: whichever kind of run holds it. */
export function lockId(domain: Domain, target: string): string {
  return `${domain}/${target}`;
}

/** The kind whose runs start this one's, if nobody else may. */
export function startedBy(kind: Kind): string | undefined {
  const definition: KindDefinition = kinds[kind];
  return definition.startedBy;
}

/** The name in `targetField` of an input, whatever the input is. */
export function targetOf(
  input: unknown,
  targetField: string,
): { ok: true; target: string } | { ok: false; problem: string; place: string } {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return { ok: false, problem: `the input must be one JSON object, not ${describe(input)}`, place: '(input)' };
  }
  const target = (input as Record<string, unknown>)[targetField];
  if (typeof target !== 'string' || !namePattern.test(target)) {
    return {
      ok: false,
      problem: `\`${targetField}\` must be a name (letters, digits, . _ -), not ${describe(target)}`,
      place: targetField,
    };
  }
  return { ok: true, target };
}

/** Whether runs of `kind` pre-empt the holder of their target. */
export function isEmergency(kind: Kind): boolean {
  const definition: KindDefinition = kinds[kind];
  return definition.emergency === true;
}

/** The id of an emergency: not the lock, so that it can be started while another run holds that; it becomes a front. */
export function emergencyId(kind: Kind, target: string, stamp: string): string {
  return `${kinds[kind].verb}/${target}/${stamp}`;
}

/** The id of a dry run: it takes no lock, so it never has its target's id. */
export function dryRunId(kind: Kind, target: string, stamp: string): string {
  return `dry-run/${kind}/${target}/${stamp}`;
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
