import type { Domain } from '../runs/index.ts';
import { hostRegion, knownHosts } from './host/look-ups.ts';
import type { Platform } from './schema/platform.ts';

/**
 * The regions in which targets of a domain stand that the workers of that region reach, in the order of the file. Hosts are
 * reached from within their region; the other domains' targets from every worker of the domain.
 */
export function regionsOf(platform: Platform, domain: Domain): string[] {
  if (domain !== 'host') return [];
  const used = new Set(knownHosts(platform).map((serial) => hostRegion(platform, serial)));
  return Object.keys(platform.regions).filter((region) => used.has(region));
}
