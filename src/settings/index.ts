export type { ConnectionFlags, ConnectionSettings, Environment } from './connection.ts';
export { connectionSettings, defaultAddress, defaultNamespace } from './connection.ts';
export type { SecretRef } from './secrets.ts';
export { resolveSecret } from './secrets.ts';
export type { LogLevel, Settings } from './settings.ts';
export { loadSettings, logLevels, variables } from './settings.ts';
export { gantryVersion } from './version.ts';
