export type { ScheduleDifference } from './compare.ts';
export type { Installation, ScheduleIntent } from './desired.ts';
export type { FireAccount, MissedFire } from './missed.ts';
export { missedFires } from './missed.ts';
export type { ScheduleChange } from './sync.ts';
export { diffSchedules, syncSchedules } from './sync.ts';
