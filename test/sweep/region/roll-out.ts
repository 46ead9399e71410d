import { rollout } from '../../../activities/region/rollout/index.ts';
import { meantOf } from '../../../activities/region/components/meant.ts';
import { loadPlatform } from '../../../src/platform/index.ts';
import { regionAsMeant } from '../../../src/planning/region/index.ts';
import { regionDeps } from '../../../workers/region.ts';
import { doStep } from '../../support/played-host.ts';

/** Brings a region up by the steps of a rollout themselves, in their order and without a run: what a run that retires it finds. */
export async function rollOut(platformFile: string, env: Record<string, string>, region: string): Promise<void> {
  const deps = regionDeps({ platform: loadPlatform(platformFile), env, wrapDriver: (_name, driver) => driver });
  const { meant } = await meantOf(deps, region);
  const { vpc, zones, groups, rules, components, edge } = regionAsMeant(meant);
  await doStep(rollout.regionMakeVpc, vpc, deps);
  await doStep(rollout.regionAttachGateway, vpc, deps);
  await doStep(rollout.regionMakeGroups, { region, groups }, deps);
  await doStep(rollout.regionSetRules, { region, groups, rules }, deps);
  for (const zone of zones) {
    await doStep(rollout.regionMakeSubnets, zone, deps);
    if (zone.natIn !== undefined) await doStep(rollout.regionMakeNat, zone, deps);
    await doStep(rollout.regionMakeRoutes, zone, deps);
  }
  for (const component of components) await doStep(rollout.regionApplyComponent, component, deps);
  if (!edge) return;
  await doStep(rollout.regionMakeTargetGroup, edge, deps);
  await doStep(rollout.regionMakeLoadBalancer, edge, deps);
  await doStep(rollout.regionMakeListener, edge, deps);
  if (edge.health) await doStep(rollout.regionMakeHealthCheck, edge, deps);
  await doStep(rollout.regionSetEdgeRecords, edge, deps);
}
