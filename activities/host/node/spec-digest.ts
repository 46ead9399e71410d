import { createHash } from 'node:crypto';
import { canonicalJson } from '../../../src/runs/index.ts';
import type { HostAccess } from '../access/access.ts';

/**
 * What the platform file wants of a host, as a digest: its class, its disks, its uplinks and its network. How Gantry logs in is not
 * part of it.
 */
export function specDigest({
  serial,
  config,
  class: hostClass,
}: Pick<HostAccess, 'serial' | 'config' | 'class'>): string {
  const { class: className, zone, rack, disks, uplinks, network } = config;
  const spec = { serial, className, zone, rack, disks, uplinks, network, hostClass };
  // Canonical: a file whose lines were moved gives the same digest.
  return createHash('sha256').update(canonicalJson(spec)).digest('hex');
}
