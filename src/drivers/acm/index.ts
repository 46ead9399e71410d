export { connectAcm } from './acm.ts';
export type { Acm, AcmCertificate } from './acm.ts';
