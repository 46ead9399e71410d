import { ActivityCancellationType, scheduleActivity, workflowInfo } from '@temporalio/workflow';
import type { ActivityProfile, ControlActivities, Domain, StepActivity } from '../../src/runs/index.ts';
import { controlProfile, controlQueue, domainQueue, vantageQueue } from '../../src/runs/index.ts';

/** Names an activity and the domain whose workers do it. The types say what it takes and gives. */
export type ActivityRef<A, R> = {
  readonly activity: string;
  readonly domain: Domain;
  /** Never set: it carries the types. */
  readonly types?: (argument: A) => R;
};

export type StepRef<I, O> = ActivityRef<Parameters<StepActivity<I, O>>[0], O> & { readonly step?: (input: I) => O };

/** The activities of a domain by their names in its workflows: `redisHandover` is `redis.handover`. */
export type DomainRefs<T, D extends Domain> = {
  readonly [K in keyof T as K extends `${D}${infer Rest}` ? Uncapitalize<Rest> : never]: T[K] extends StepActivity<
    infer I,
    infer O
  >
    ? StepRef<I, O>
    : T[K] extends (argument: infer A) => Promise<infer R>
      ? ActivityRef<A, R>
      : never;
};

/** References to a domain's activities: data, so that a run can carry, inspect and undo a step by its name. */
export function domainRefs<T, D extends Domain>(domain: D): DomainRefs<T, D> {
  const get = (_: object, name: string | symbol): ActivityRef<unknown, unknown> => {
    const text = String(name);
    return { activity: domain + text.charAt(0).toUpperCase() + text.slice(1), domain };
  };
  return new Proxy({}, { get }) as DomainRefs<T, D>;
}

/** The one place where activity options are made. The cancellation type is always given: left out it is TRY_CANCEL. */
function schedule(
  activity: string,
  argument: unknown,
  taskQueue: string,
  profile: ActivityProfile,
  summary: string,
  scheduleToStartMs?: number,
): Promise<unknown> {
  return scheduleActivity(activity, [argument], {
    taskQueue,
    summary,
    ...(scheduleToStartMs === undefined ? {} : { scheduleToStartTimeout: scheduleToStartMs }),
    startToCloseTimeout: profile.startToCloseMs,
    heartbeatTimeout: profile.heartbeatMs,
    retry: {
      maximumAttempts: profile.attempts,
      initialInterval: profile.firstRetryMs,
      maximumInterval: profile.maxRetryMs,
      backoffCoefficient: 2,
    },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
}

/** Calls an activity of a domain on that domain's queue. `startMs`: it fails if no worker takes it up within that time. */
export function callDomain<A, R>(
  ref: ActivityRef<A, R>,
  argument: A,
  profile: ActivityProfile,
  summary: string,
  startMs?: number,
): Promise<R> {
  return schedule(
    ref.activity,
    argument,
    domainQueue(workflowInfo().taskQueue, ref.domain),
    profile,
    summary,
    startMs,
  ) as Promise<R>;
}

/** How long a vantage may take to begin to look: one whose workers are gone must not hold an outage up. */
const vantageStartMs = 4_000;

/**
 * A frozen worker has taken a task and looked at nothing; the server goes on handing tasks to the one poll that it still has
 * open (`workers/vantage.ts`). So one frozen process swallows two tries, and the fourth is left for somebody who is awake.
 */
const vantageTries = 4;

/** Calls an activity at one vantage, and again where its worker was lost over it. @throws also when nobody polls there */
export function callVantage<A, R>(
  ref: ActivityRef<A, R>,
  vantage: string,
  argument: A,
  profile: ActivityProfile,
  summary: string,
): Promise<R> {
  const queue = vantageQueue(workflowInfo().taskQueue, ref.domain, vantage);
  return schedule(
    ref.activity,
    argument,
    queue,
    { ...profile, attempts: vantageTries },
    summary,
    vantageStartMs,
  ) as Promise<R>;
}

/** Calls a control activity. */
export function callControl<K extends keyof ControlActivities>(
  activity: K,
  argument: Parameters<ControlActivities[K]>[0],
  summary: string,
): ReturnType<ControlActivities[K]> {
  return schedule(activity, argument, controlQueue(workflowInfo().taskQueue), controlProfile, summary) as ReturnType<
    ControlActivities[K]
  >;
}
