import type { ResourceType, TagSpecification } from '@aws-sdk/client-ec2';
import { must as mustHave, tagList } from '../aws/index.ts';
import type { Ec2Tags } from './types.ts';

export { tagsOf } from '../aws/index.ts';

/** Tags that are given with the object itself. */
export function tagged(kind: ResourceType, tags: Ec2Tags): TagSpecification[] {
  return [{ ResourceType: kind, Tags: tagList(tags) }];
}

/** Filters for what has all of these tags. */
export function withTags(tags: Ec2Tags): { Name: string; Values: string[] }[] {
  return Object.entries(tags).map(([key, value]) => ({ Name: `tag:${key}`, Values: [value] }));
}

/** A field that the answer must have. @throws EC2_REFUSED */
export function must<T>(value: T | undefined, request: string, field: string): T {
  return mustHave('EC2', value, request, field);
}
