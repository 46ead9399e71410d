export * from './audit.ts';
export * from './failover.ts';
export * from './guard.ts';
export * from './rejoin.ts';
export * from './restore-redundancy.ts';
export * from './switchover.ts';
export * from './undecided.ts';
