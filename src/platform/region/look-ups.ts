import { GantryError } from '../../errors/index.ts';
import type { Platform } from '../schema/platform.ts';
import type { RolloutRegion } from './schema.ts';

/**
 * What the platform file says of a region that is rolled out.
 * @throws GantryError REGION_UNKNOWN, naming the regions that there are
 */
export function rolloutRegion({ rollout: { regions } }: Platform, name: string): RolloutRegion {
  const found = Object.hasOwn(regions, name) ? regions[name] : undefined;
  if (found) return found;
  const known = Object.keys(regions).join(', ') || 'none';
  throw new GantryError('REGION_UNKNOWN', `rollout.regions of the platform file has no ${name}; known: ${known}`, {
    evidence: { region: name },
  });
}
