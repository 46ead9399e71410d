import { GantryError } from '../../errors/index.ts';
import type { AwsFamily } from './errors.ts';
import type { AwsTags } from './types.ts';

/** A list of tags, as every service writes one → by key. */
export function tagsOf(tags: readonly { Key?: string | undefined; Value?: string | undefined }[] | undefined): AwsTags {
  return Object.fromEntries((tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
}

/** By key → the list that the services take. */
export function tagList(tags: AwsTags): { Key: string; Value: string }[] {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}

/** A field that the answer must have. @throws EC2_REFUSED, AWS_REFUSED */
export function must<T>(family: AwsFamily, value: T | undefined, request: string, field: string): T {
  if (value !== undefined) return value;
  throw new GantryError(`${family}_REFUSED`, `${request}: the answer has no ${field}`);
}
