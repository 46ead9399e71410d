export type { Access, Decision, Need, Role } from './access/index.ts';
export { decide, loadAccess, newToken, parseAccess, roleNames } from './access/index.ts';
export type { Api, ApiOptions } from './context.ts';
export { createApi } from './server.ts';
export type { Signer } from './signing/index.ts';
export { newSigningKey, signerFrom } from './signing/index.ts';
