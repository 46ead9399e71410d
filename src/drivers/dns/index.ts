export { dnsQuestions } from './dns.ts';
export type { Dns, DnsAnswer, DnsOptions } from './dns.ts';
