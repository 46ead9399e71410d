import { createHash } from 'node:crypto';
import type { ResourceRecordSet } from '@aws-sdk/client-route-53';

/** A name as DNS compares it. */
export function plain(name: string | undefined): string {
  return (name ?? '').toLowerCase().replace(/\.$/, '');
}

/** The name of a load balancer → addresses made of it, in the range for benchmarks (RFC 2544); nothing for another name. */
export function addressesOfBalancer(name: string): readonly string[] | undefined {
  if (!/\.elb\.[a-z0-9.-]*amazonaws\.com$/.test(name)) return undefined;
  const [a = 0, b = 0] = createHash('sha256').update(name).digest();
  return [`198.18.${a}.${b}`];
}

/**
 * Which of several records of a name answers. Weighted ones by chance, in proportion to their weights; where all weights are 0, each of them
 * as often (Route 53 developer guide, "Values specific for weighted alias records").
 */
export function pick(
  records: readonly ResourceRecordSet[],
  random: () => number = Math.random,
): ResourceRecordSet | undefined {
  if (records.every(({ Weight }) => Weight === undefined)) return records[0];
  const total = records.reduce((sum, { Weight = 0 }) => sum + Weight, 0);
  if (total === 0) return records[Math.floor(random() * records.length)];
  let left = random() * total;
  return records.find(({ Weight = 0 }) => (left -= Weight) < 0);
}
