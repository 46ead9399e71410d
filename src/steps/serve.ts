import type { ActivityName, Kind, PlanActivity, StepActivity, StepOf } from '../runs/index.ts';
import type { PlanDefinition } from './plan.ts';
import { planActivity } from './plan.ts';
import type { StepDefinition } from './step.ts';
import type { StepRuntime } from './step-activity.ts';
import { stepActivity } from './step-activity.ts';

/** The steps and the plan of one procedure by the names of their activities: all that `src/runs` declares, and no other. */
export type ProcedureTable<K extends Kind> = {
  readonly [S in Exclude<StepOf<K>, Kind> as ActivityName<S>]: { name: string; probe: unknown };
} & {
  readonly [P in K as PlanOf<P>]: { kind: P };
};

type PlanOf<K extends Kind> = K extends `${infer Domain}.${infer Verb}`
  ? ActivityName<`${Domain}.plan-${Verb}`>
  : never;

type Definition = { name: string; probe: unknown } | { kind: Kind; plan: unknown };

type DepsOf<T> = T extends
  | { probe: (...given: infer Given extends readonly unknown[]) => unknown }
  | { plan: (...given: infer Given extends readonly unknown[]) => unknown }
  ? Given[1]
  : never;

/** Definitions → the activities that a worker serves. */
export type Served<T> = {
  readonly [N in keyof T]: T[N] extends StepDefinition<infer I, infer O, never>
    ? StepActivity<I, O>
    : T[N] extends PlanDefinition<Kind, infer I, infer D, never>
      ? PlanActivity<I, D>
      : never;
};

/** The steps and plans of procedures and their drivers → the activities, by the names that Temporal knows them under. */
export function serve<T extends Readonly<Record<string, Definition>>>(
  table: T,
  deps: DepsOf<T[keyof T]>,
  runtime: StepRuntime,
): Served<T> {
  const activities = Object.entries(table).map(([name, definition]) => [
    name,
    'kind' in definition
      ? planActivity(definition as PlanDefinition<Kind, unknown, unknown, unknown>, deps, runtime)
      : stepActivity(definition as StepDefinition<unknown, unknown, unknown>, deps, runtime),
  ]);
  return Object.fromEntries(activities) as Served<T>;
}
