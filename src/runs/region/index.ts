export * from './drift.ts';
export * from './rollout.ts';
