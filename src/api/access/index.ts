export type { Decision, Need, Who } from './allow.ts';
export { decide, seesAnything } from './allow.ts';
export type { Authenticate } from './credentials.ts';
export { authenticator, newToken } from './credentials.ts';
export { loadAccess, parseAccess } from './load.ts';
export type { Access, Role } from './schema.ts';
export { roleNames } from './schema.ts';
