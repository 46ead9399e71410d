export { newSigningKey } from './keys.ts';
export type { Signer } from './signer.ts';
export { signerFrom } from './signer.ts';
