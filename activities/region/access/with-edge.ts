import type { Ec2 } from '../../../src/drivers/ec2/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { EdgeAccess, RegionDeps } from './access.ts';
import { withEc2 } from './with-ec2.ts';

export type EdgeClients = Omit<EdgeAccess, 'close'> & { ec2: Ec2 };

/** The context of a look that is no step: that of a plan. */
export function lookingWith(signal: AbortSignal): StepContext {
  const nothing = (): void => undefined;
  const of = { unit: '', attempt: 1, resumed: undefined };
  return { ...of, signal, mustBeOurs: nothing, progress: nothing, measure: nothing, count: nothing };
}

/** Connections to the account and to what its edge is made in, for one call of a step, closed afterwards. */
export async function withEdge<T>(
  deps: RegionDeps,
  { region }: Pick<RegionEdge, 'region'>,
  context: Pick<StepContext, 'signal' | 'mustBeOurs'>,
  use: (clients: EdgeClients) => Promise<T>,
): Promise<T> {
  return withEc2(deps, region, context, async (ec2) => {
    const { close, ...clients } = deps.edge(region, { signal: context.signal, beforeChange: context.mustBeOurs });
    try {
      return await use({ ...clients, ec2 });
    } finally {
      close();
    }
  });
}
