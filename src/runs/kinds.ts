import { auditSteps } from './archive/audit.ts';
import { backupSteps } from './archive/backup.ts';
import { drillSteps } from './archive/drill.ts';
import { restoreSteps } from './archive/restore.ts';
import { lifecycleSteps } from './archive/lifecycle.ts';
import { addShardSteps } from './clickhouse/add-shard.ts';
import { drainShardSteps } from './clickhouse/drain-shard.ts';
import { keyReshardSteps } from './clickhouse/key-reshard.ts';
import { moveSteps } from './clickhouse/move.ts';
import { rebalanceSteps } from './clickhouse/rebalance.ts';
import { splitSteps } from './clickhouse/split.ts';
import { tierSteps } from './clickhouse/tier.ts';
import { undoMoveSteps } from './clickhouse/undo-move.ts';
import { conformanceSteps } from './host/conformance.ts';
import { fleetOnboardSteps } from './host/fleet-onboard.ts';
import { onboardSteps } from './host/onboard.ts';
import type { ActivityName } from './names.ts';
import { activityName } from './names.ts';
import type { PlanDraft, PlannedAction } from './plan.ts';
import type { Domain } from './queues.ts';
import { driftSteps } from './region/drift.ts';
import { retireSteps } from './region/retire.ts';
import { rolloutAllSteps } from './region/rollout-all.ts';
import { rolloutSteps } from './region/rollout.ts';
import { failoverSteps } from './redis/failover.ts';
import { rejoinSteps } from './redis/rejoin.ts';
import { restoreRedundancySteps } from './redis/restore-redundancy.ts';
import { switchoverSteps } from './redis/switchover.ts';

/** A part of a workflow id: letters, digits, dot, dash, underscore; it starts with a letter or digit. */
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;

/**
 * What everyone, workflows included, must know of a kind of run. Schemas and docs are in src/registry. The domain, the verb
 * and the workflow's type follow from the key, `<domain>.<verb>`.
 */
export type KindDefinition = {
  /** The fields of the input that name the target, from the widest to the narrowest: group; cluster and table. */
  targetFields: readonly [string, ...string[]];
  /** The steps of its runs, without the domain, in the order in which they first take place; runs of other kinds too. */
  steps: readonly string[];
  /** An outage never waits: started under an id of its own, such a run pre-empts whoever holds its target. */
  emergency?: true;
  /**
   * A part of the runs of that kind: only the run that holds the wider lock (all but the last of the target's names) starts
   * it, and that run's approval covers it. A dry run of it may be made by anyone.
   */
  startedBy?: string;
  /**
   * Kinds whose runs its approval covers, where one of its runs starts them, itself or by a list. They can also be started
   * alone, and are then asked for like any other.
   */
  covers?: readonly string[];
  /** Gates of other domains that its runs pass, `<domain>.<step>`: their own workers look, and nothing is changed. */
  gates?: readonly string[];
};

export const kinds = {
  'redis.switchover': { targetFields: ['group'], steps: switchoverSteps },
  'redis.failover': { targetFields: ['group'], steps: failoverSteps, emergency: true },
  'redis.rejoin': { targetFields: ['group'], steps: rejoinSteps },
  'redis.restore-redundancy': { targetFields: ['group'], steps: restoreRedundancySteps },
  'clickhouse.move': {
    targetFields: ['cluster', 'table', 'partition'],
    steps: moveSteps,
    startedBy: 'clickhouse.rebalance',
  },
  'clickhouse.tier': { targetFields: ['cluster', 'table'], steps: tierSteps },
  'clickhouse.undo-move': { targetFields: ['cluster', 'table'], steps: undoMoveSteps },
  'clickhouse.key-reshard': { targetFields: ['cluster', 'table'], steps: keyReshardSteps },
  'clickhouse.split': {
    targetFields: ['cluster', 'table', 'partition'],
    steps: splitSteps,
    startedBy: 'clickhouse.key-reshard',
  },
  'clickhouse.rebalance': { targetFields: ['cluster', 'table'], steps: rebalanceSteps },
  'clickhouse.add-shard': { targetFields: ['cluster'], steps: addShardSteps },
  'clickhouse.drain-shard': { targetFields: ['cluster'], steps: drainShardSteps },
  'host.conformance': { targetFields: ['hosts'], steps: conformanceSteps },
  'host.onboard': { targetFields: ['serial'], steps: onboardSteps },
  'host.fleet-onboard': { targetFields: ['zone', 'class'], steps: fleetOnboardSteps, covers: ['host.onboard'] },
  'archive.backup': { targetFields: ['archive'], steps: backupSteps },
  // Not the archive alone: a restore takes days, and backups go on meanwhile.
  'archive.restore': { targetFields: ['archive', 'what'], steps: restoreSteps },
  'archive.drill': { targetFields: ['archive', 'what'], steps: drillSteps },
  'archive.lifecycle': { targetFields: ['archive'], steps: lifecycleSteps },
  'archive.audit': { targetFields: ['archive'], steps: auditSteps },
  'region.rollout': {
    targetFields: ['region'],
    steps: rolloutSteps,
    covers: ['host.fleet-onboard'],
    gates: ['clickhouse.cluster-healthy', 'redis.group-healthy'],
  },
  'region.rollout-all': { targetFields: ['regions'], steps: rolloutAllSteps, covers: ['region.rollout'] },
  'region.retire': { targetFields: ['region'], steps: retireSteps },
  'region.drift': { targetFields: ['region'], steps: driftSteps },
} as const satisfies Record<`${Domain}.${string}`, KindDefinition>;

export type Kind = keyof typeof kinds;

/** The domain of a kind. */
export type DomainOf<K extends Kind> = K extends `${infer D extends Domain}.${string}` ? D : never;

/** The names of the steps that a run of a kind takes, `<domain>.<step>`. */
export type StepOf<K extends Kind> = {
  [P in K]: `${DomainOf<P>}.${(typeof kinds)[P]['steps'][number]}`;
}[K];

/** The kinds whose runs one of `K` may start, under its own approval. */
type CoveredBy<K extends Kind> = {
  [P in K]: (typeof kinds)[P] extends { covers: readonly (infer C extends string)[] } ? C : never;
}[K];

/** The gates of other domains that runs of one of `K` pass. */
type GatesOf<K extends Kind> = {
  [P in K]: (typeof kinds)[P] extends { gates: readonly (infer G extends string)[] } ? G : never;
}[K];

/** What a plan of a kind may announce and its run may do: the steps of its table, gates of other domains, runs that its approval covers, and a wait. */
export type PlannedStep<K extends Kind> = StepOf<K> | GatesOf<K> | CoveredBy<K> | 'run.wait';

/** One line of the plan of a kind. */
export type ActionOf<K extends Kind> = PlannedAction<PlannedStep<K>>;

/** What the planner of a kind makes of live facts. */
export type DraftOf<K extends Kind, D> = PlanDraft<D, PlannedStep<K>>;

/** The name of any step. */
export type StepName = StepOf<Kind> | GatesOf<Kind>;

/** Where a kind belongs. */
export function domainOf(kind: Kind): Domain {
  return kind.slice(0, kind.indexOf('.')) as Domain;
}

/** What a run of a kind does, as the command line says it. */
export function verbOf(kind: Kind): string {
  return kind.slice(kind.indexOf('.') + 1);
}

/** The exported workflow function. */
export function workflowTypeOf<K extends Kind>(kind: K): ActivityName<K> {
  return activityName(kind);
}

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
  const { targetFields } = kinds[kind];
  const names: string[] = [];
  for (const field of targetFields) {
    const part = targetOf(input, field);
    if (!part.ok) return part;
    names.push(part.target);
  }
  const target = names.join('/');
  return { ok: true, id: lockId(domainOf(kind), target), target };
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

/** The kinds whose approval covers a run of `kind` that one of their runs starts. */
export function coveredBy(kind: Kind): Kind[] {
  const all: [string, KindDefinition][] = Object.entries(kinds);
  return all.filter(([, { covers = [] }]) => covers.includes(kind)).map(([name]) => name as Kind);
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

/** The id of an emergency: not the lock, so that it can be started while another run holds that; it becomes a proxy run. */
export function emergencyId(kind: Kind, target: string, stamp: string): string {
  return `${verbOf(kind)}/${target}/${stamp}`;
}

/** The ids of dry runs begin with this. */
export const dryRunPrefix = 'dry-run/';

/** The id of a dry run: it takes no lock, so it never has its target's id. */
export function dryRunId(kind: Kind, target: string, stamp: string): string {
  return `${dryRunPrefix}${kind}/${target}/${stamp}`;
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
