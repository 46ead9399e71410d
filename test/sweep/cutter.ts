import { AsyncLocalStorage } from 'node:async_hooks';
import type { WorkerOptions } from '@temporalio/worker';
import type { InjectedSinks } from '@temporalio/worker';
import type { TaskSinks } from './task-sinks.ts';

/** Numbers the places that a run comes through in this process, and cuts the process off at one of them. */
export type Cutter = {
  /** Counts again; at `place` the process gets `signal`. Without a place it only counts. */
  arm: (place?: string, signal?: NodeJS.Signals) => void;
  /** The places since then, in order. */
  trace: () => readonly string[];
  /** Activities under way. */
  busy: () => number;
  wrapDriver: <T extends object>(name: string, driver: T) => T;
  options: Pick<WorkerOptions, 'interceptors' | 'sinks'>;
};

type Scope = { name: string; calls: Map<string, number> };

/** `onRetry` hears of activities that begin with a second or later attempt. */
export function createCutter(onRetry: (activity: string) => void): Cutter {
  const scopes = new AsyncLocalStorage<Scope>();
  const counts = new Map<string, number>();
  let trace: string[] = [];
  let armed: { place: string; signal: NodeJS.Signals } | undefined;
  let busy = 0;

  const reach = (place: string): void => {
    trace.push(place);
    if (armed?.place !== place) return;
    const { signal } = armed;
    armed = undefined;
    process.kill(process.pid, signal);
  };

  const sinks: InjectedSinks<TaskSinks> = {
    sweep: { task: { fn: () => reach(`task#${next(counts, 'task')}`), callDuringReplay: false } },
  };
  return {
    arm(place, signal = 'SIGKILL') {
      counts.clear();
      trace = [];
      armed = place === undefined ? undefined : { place, signal };
    },
    trace: () => trace,
    busy: () => busy,
    wrapDriver: (name, driver) =>
      new Proxy(driver, {
        get(target, key) {
          const value: unknown = Reflect.get(target, key);
          if (typeof value !== 'function' || typeof key !== 'string' || key === 'close') return value;
          return (...args: unknown[]): unknown => {
            const scope = scopes.getStore();
            if (!scope) return value.apply(target, args) as unknown;
            const call = `${name}.${key}#${next(scope.calls, `${name}.${key}`)}@${scope.name}`;
            reach(`driver:before:${call}`);
            const after = (): void => reach(`driver:after:${call}`);
            const answer = value.apply(target, args) as unknown;
            return isStream(answer) ? whole(answer, after) : Promise.resolve(answer).finally(after);
          };
        },
      }),
    options: {
      sinks,
      interceptors: {
        activity: [
          ({ info }) => ({
            inbound: {
              async execute(input, execute) {
                const label = labelOf(info.activityType, input.args[0]);
                const name = `${label}#${next(counts, label)}`;
                if (info.attempt > 1) onRetry(name);
                busy += 1;
                try {
                  reach(`activity:before:${name}`);
                  return await scopes.run({ name, calls: new Map() }, () => execute(input));
                } finally {
                  reach(`activity:after:${name}`);
                  busy -= 1;
                }
              },
            },
          }),
        ],
      },
    },
  };
}

/** What some verbs answer at once, before anything was asked: `store.get`. */
function isStream(answer: unknown): answer is AsyncIterable<unknown> {
  return typeof answer === 'object' && answer !== null && Symbol.asyncIterator in answer;
}

async function* whole(items: AsyncIterable<unknown>, after: () => void): AsyncGenerator<unknown> {
  try {
    yield* items;
  } finally {
    after();
  }
}

/** `redisHandover.ensure` for a step, the bare name for any other activity. */
function labelOf(activity: string, argument: unknown): string {
  const mode =
    typeof argument === 'object' && argument !== null && 'mode' in argument ? `.${String(argument.mode)}` : '';
  return activity + mode + partOf(activity, argument);
}

/** Of a region, whose parts are done side by side: which one it is. Numbers alone would be another one's with each run. */
function partOf(activity: string, argument: unknown): string {
  if (!activity.startsWith('region')) return '';
  const { input } = (argument ?? {}) as { input?: { component?: string; zone?: string } };
  // Each lane has a region of its own: of a zone, its letter.
  const part = input?.component ?? input?.zone?.slice(-1);
  return part === undefined ? '' : `(${part})`;
}

function next(counts: Map<string, number>, key: string): number {
  const count = (counts.get(key) ?? 0) + 1;
  counts.set(key, count);
  return count;
}
