import type { Ec2Tags } from '../../../src/drivers/ec2/index.ts';
import { GantryError } from '../../../src/errors/index.ts';

const keys = { owner: 'gantry:owner', region: 'gantry:region', name: 'gantry:name' } as const;

/** The tags by which an object is found again: whose it is, of which region, and which one. */
export function tagsFor(owner: string, region: string, name: string): Ec2Tags {
  return { [keys.owner]: owner, [keys.region]: region, [keys.name]: name, Name: `${owner}-${region}-${name}` };
}

/** The tags that everything of a region has. */
export function tagsOfRegion(owner: string, region: string): Ec2Tags {
  return { [keys.owner]: owner, [keys.region]: region };
}

/** Whether an object is Gantry's, of this region. */
export function isOwn(owner: string, region: string, { tags }: { tags: Ec2Tags }): boolean {
  return tags[keys.owner] === owner && tags[keys.region] === region;
}

/** Which one of a region's objects it is; nothing where it is not Gantry's of this region. */
export function ownName(owner: string, region: string, object: { tags: Ec2Tags }): string | undefined {
  return isOwn(owner, region, object) ? object.tags[keys.name] : undefined;
}

/** The one object of this name. @throws REGION_DUPLICATE: which of several is in use, nothing says */
export function theOne<T extends { id: string; tags: Ec2Tags }>(
  owner: string,
  region: string,
  name: string,
  objects: readonly T[],
): T | undefined {
  const found = objects.filter((one) => ownName(owner, region, one) === name);
  if (found.length < 2) return found[0];
  const ids = found.map(({ id }) => id).join(', ');
  throw new GantryError('REGION_DUPLICATE', `${name} of ${region}: several have its tags: ${ids}`, {
    evidence: { ids },
  });
}
