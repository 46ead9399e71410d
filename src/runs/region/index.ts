export * from './drift.ts';
export * from './edge.ts';
export * from './rollout.ts';
