export type { Probe, StepContext, StepDefinition } from './step.ts';
export { blocked, defineStep, done, todo } from './step.ts';
export type { StepRuntime } from './step-activity.ts';
export { stepActivity } from './step-activity.ts';
export type { Progress } from './plain-activity.ts';
export { plainActivity } from './plain-activity.ts';
export { wait } from './wait.ts';
