import type { Ec2, Vpc } from '../../../src/drivers/ec2/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { RegionDeps } from './access.ts';
import { theOne } from './tags.ts';

/** A connection for one call of a step, closed afterwards. */
export async function withEc2<T>(
  { ec2 }: RegionDeps,
  region: string,
  { signal, mustBeOurs }: Pick<StepContext, 'signal' | 'mustBeOurs'>,
  use: (client: Ec2) => Promise<T>,
): Promise<T> {
  const client = ec2(region, { signal, beforeChange: mustBeOurs });
  try {
    return await use(client);
  } finally {
    client.close();
  }
}

/** The region's VPC, if it is there. @throws REGION_DUPLICATE */
export async function findVpc({ owner }: RegionDeps, region: string, client: Ec2): Promise<Vpc | undefined> {
  return theOne(owner, region, 'vpc', await client.vpcs());
}

/** The region's VPC, which an earlier step made. @throws EC2_MISSING, REGION_DUPLICATE */
export async function mustFindVpc(deps: RegionDeps, region: string, client: Ec2): Promise<Vpc> {
  const found = await findVpc(deps, region, client);
  if (found) return found;
  throw new GantryError('EC2_MISSING', `${client.where}: the VPC of ${region} is not there`, { evidence: { region } });
}

/**
 * What EC2 has made it may show some seconds later (EC2 developer guide, "Eventual consistency"). A later attempt, whose predecessor may have lost
 * the answer to a create, waits so long before it looks and makes another one. Milliseconds.
 */
const visibleWithinMs = 5_000;

/** To be called before the look that a create of something without a name of its own rests on. */
export async function untilVisible({ attempt, signal }: Pick<StepContext, 'attempt' | 'signal'>): Promise<void> {
  if (attempt > 1) await wait(visibleWithinMs, signal);
}
