import type { Tag, TagSpecification, ResourceType } from '@aws-sdk/client-ec2';
import { GantryError } from '../../errors/index.ts';
import type { Ec2Tags } from './types.ts';

/** EC2's list of tags → by key. */
export function tagsOf(tags: readonly Tag[] | undefined): Ec2Tags {
  return Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** Tags that are given with the object itself. */
export function tagged(kind: ResourceType, tags: Ec2Tags): TagSpecification[] {
  return [{ ResourceType: kind, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }];
}

/** Filters for what has all of these tags. */
export function withTags(tags: Ec2Tags): { Name: string; Values: string[] }[] {
  return Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
}

/** A field that the answer must have. @throws EC2_REFUSED */
export function must<T>(value: T | undefined, request: string, field: string): T {
  if (value !== undefined) return value;
  throw new GantryError('EC2_REFUSED', `${request}: the answer has no ${field}`);
}
