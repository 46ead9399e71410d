import { ActivityCancellationType, scheduleActivity, workflowInfo } from '@temporalio/workflow';
import { GantryError } from '../../src/errors/index.ts';
import type { ActivityProfile, ControlActivities, Domain, NameOf, StepActivity } from '../../src/runs/index.ts';
import {
  activityName,
  controlProfile,
  controlQueue,
  domainQueue,
  isRegionName,
  jsonBytes,
  nameOf,
  payloadLimits,
  vantageQueue,
} from '../../src/runs/index.ts';

/** Names an activity and the domain whose workers do it. The types say what it takes and gives. */
export type ActivityRef<A, R> = {
  readonly activity: string;
  readonly domain: Domain;
  /** The region whose workers do it; without one any worker of the domain may. `at` sets it. */
  readonly region?: string;
  /** `<domain>.<step>`, the name that plans and reports know it under. */
  readonly name: string;
  /** Never set: it carries the types. */
  readonly types?: (argument: A) => R;
};

export type StepRef<I, O, S extends string = string> = ActivityRef<Parameters<StepActivity<I, O>>[0], O> & {
  readonly name: S;
  readonly step?: (input: I) => O;
};

/** The activities of a domain by their names in its workflows: `redisHandover` is `redis.handover`. */
export type DomainRefs<T, D extends Domain> = {
  readonly [K in keyof T as K extends `${D}${infer Rest}` ? Uncapitalize<Rest> : never]: T[K] extends StepActivity<
    infer I,
    infer O
  >
    ? StepRef<I, O, K extends `${D}${infer Rest}` ? NameOf<D, Uncapitalize<Rest>> : never>
    : T[K] extends (argument: infer A) => Promise<infer R>
      ? ActivityRef<A, R>
      : never;
};

/**
 * References to a domain's activities: data, so that a run can carry, inspect and undo a step by its name. `region`: all of them
 * are done by the workers of that region (`at`).
 */
export function domainRefs<T, D extends Domain>(domain: D, region?: string): DomainRefs<T, D> {
  const get = (_: object, name: string | symbol): ActivityRef<never, unknown> => {
    const text = String(name);
    const step = nameOf(domain, text);
    const ref = { activity: activityName(step), domain, name: step };
    return region === undefined ? ref : at(ref, region);
  };
  return new Proxy({}, { get }) as DomainRefs<T, D>;
}

/**
 * The same activity, done by the workers of one region: those who reach what stands there. It stays data, so that whatever
 * carries the reference (a step, a gate, an undo, an invariant) goes to that region's queue.
 */
export function at<R extends ActivityRef<never, unknown>>(ref: R, region: string): R {
  if (!isRegionName(region)) throw new Error(`"${region}" names no region`);
  return { ...ref, region };
}

/** Whose workers do it. */
export function placeOf({ domain, region }: ActivityRef<never, unknown>): { domain: Domain; region?: string } {
  return region === undefined ? { domain } : { domain, region };
}

/** The one place where activity options are made. The cancellation type is always given: left out it is TRY_CANCEL. */
async function schedule(
  activity: string,
  argument: unknown,
  taskQueue: string,
  profile: ActivityProfile,
  summary: string,
  scheduleToStartMs?: number,
): Promise<unknown> {
  const bytes = jsonBytes(argument);
  if (bytes > payloadLimits.payload)
    throw new GantryError('PAYLOAD_TOO_LARGE', `${activity} would be given ${bytes} bytes`, { evidence: { bytes } });
  return scheduleActivity(activity, [argument], {
    taskQueue,
    summary,
    ...(scheduleToStartMs === undefined ? {} : { scheduleToStartTimeout: scheduleToStartMs }),
    startToCloseTimeout: profile.startToCloseMs,
    heartbeatTimeout: profile.heartbeatMs,
    // With a budget of time the attempts are not counted. What a queue may take has room of its own: otherwise a task that no
    // worker took would end as one whose time is spent.
    ...(profile.withinMs === undefined ? {} : { scheduleToCloseTimeout: profile.withinMs + (scheduleToStartMs ?? 0) }),
    retry: {
      ...(profile.withinMs === undefined ? { maximumAttempts: profile.attempts } : {}),
      initialInterval: profile.firstRetryMs,
      maximumInterval: profile.maxRetryMs,
      backoffCoefficient: 2,
    },
    cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  });
}

/** Calls an activity of a domain on that domain's queue, or its region's. `startMs`: it fails if no worker takes it up within that time. */
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
    domainQueue(workflowInfo().taskQueue, ref.domain, ref.region),
    profile,
    summary,
    startMs,
  ) as Promise<R>;
}

/** Calls an activity on a queue by its name, once: a look at the workers themselves. @throws also when no worker takes it up in time */
export function callQueue<R>(
  activity: string,
  argument: unknown,
  queue: string,
  { startMs, answerMs }: { startMs: number; answerMs: number },
): Promise<R> {
  const once = { startToCloseMs: answerMs, heartbeatMs: answerMs, attempts: 1, firstRetryMs: 1, maxRetryMs: 1 };
  return schedule(activity, argument, queue, once, `who answers on ${queue}`, startMs) as Promise<R>;
}

/** How long a vantage may take to begin to look, in milliseconds: one whose workers are gone must not hold an outage up. */
export const vantageStartMs = {
  usual: 4_000,
  /** Where nothing can be decided without it: a worker that is replaced takes 5 to 15 s until it polls again. */
  needed: 20_000,
} as const;

/**
 * A frozen worker has taken a task and looked at nothing; the server goes on handing tasks to the one poll that it still has
 * open (`workers/vantage.ts`). So one frozen process swallows two tries, and the fourth is left for somebody who is awake.
 */
const vantageTries = 4;

/** Calls an activity at one vantage, and again where its worker was lost over it. @throws also when no worker takes it up within `startMs` */
export function callVantage<A, R>(
  ref: ActivityRef<A, R>,
  vantage: string,
  argument: A,
  { profile, startMs }: { profile: ActivityProfile; startMs: number },
  summary: string,
): Promise<R> {
  const queue = vantageQueue(workflowInfo().taskQueue, ref.domain, vantage);
  return schedule(
    ref.activity,
    argument,
    queue,
    { ...profile, attempts: vantageTries },
    summary,
    startMs,
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
