import type { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { DescribeTagsCommand } from '@aws-sdk/client-elastic-load-balancing-v2';
import { GantryError } from '../../errors/index.ts';
import type { AwsRequests, AwsTags } from '../aws/index.ts';
import { must as mustHave, tagsOf } from '../aws/index.ts';

export type ElbRequests = AwsRequests<ElasticLoadBalancingV2Client>;

/** DescribeTags takes so many at once (API reference). */
const mostAtOnce = 20;

/** The tags of these objects, by ARN: no Describe… answers with them. */
export async function tagsByArn({ ask }: ElbRequests, arns: readonly string[]): Promise<ReadonlyMap<string, AwsTags>> {
  const all = new Map<string, AwsTags>();
  for (let at = 0; at < arns.length; at += mostAtOnce) {
    const ResourceArns = arns.slice(at, at + mostAtOnce);
    const { TagDescriptions = [] } = await ask('DescribeTags', (client, options) =>
      client.send(new DescribeTagsCommand({ ResourceArns }), options),
    );
    for (const { ResourceArn = '', Tags } of TagDescriptions) all.set(ResourceArn, tagsOf(Tags));
  }
  return all;
}

/** Nothing for a name that the service does not know. */
export async function orNothing<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof GantryError && error.code === 'AWS_MISSING') return undefined;
    throw error;
  }
}

/** A field that the answer must have. @throws AWS_REFUSED */
export function must<T>(value: T | undefined, request: string, field: string): T {
  return mustHave('AWS', value, request, field);
}
