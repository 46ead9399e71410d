export { createSshPool } from './pool.ts';
export type { SshPool } from './pool.ts';
export { shellLine } from './quote.ts';
export { readHostKey } from './read-host-key.ts';
export { runRemote } from './run-remote.ts';
export type { RemoteEnd, RemoteOptions, Ssh, SshTarget } from './types.ts';
export { collectUnit, readUnitLog, startUnit, stopUnit, watchUnit } from './units.ts';
export type { RemoteUnit, UnitState } from './units.ts';
