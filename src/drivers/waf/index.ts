export { connectWaf } from './waf.ts';
export type { Waf } from './waf.ts';
