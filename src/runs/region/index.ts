export * from './drift.ts';
export * from './edge.ts';
export * from './retire.ts';
export * from './rollout.ts';
export * from './rollout-all.ts';
