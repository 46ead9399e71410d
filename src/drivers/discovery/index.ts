export type { CommandDiscoveryOptions } from './command.ts';
export { commandDiscovery, refusedExitCode } from './command.ts';
export type { Discovery, DiscoveryEntry } from './contract.ts';
export type { HttpDiscoveryOptions } from './http.ts';
export { httpDiscovery } from './http.ts';
