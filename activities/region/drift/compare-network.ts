import type { DriftVerdict, RegionDriftData } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { attachGateway } from '../network/attach-gateway.ts';
import { makeGroups } from '../network/make-groups.ts';
import { makeNat } from '../network/make-nat.ts';
import { makeRoutes } from '../network/make-routes.ts';
import { makeSubnets } from '../network/make-subnets.ts';
import { makeVpc } from '../network/make-vpc.ts';
import { setRules } from '../network/set-rules.ts';
import type { PartLook } from './look-at-all.ts';
import { lookAtAll } from './look-at-all.ts';

/** Looks at the network of a region as a rollout does, and changes nothing: what that one would do, or would not dare to, is different. */
export const compareNetwork = defineStep<RegionDriftData, DriftVerdict, RegionDeps>({
  name: 'region.compare-network',
  probe: async (of, deps, context) => {
    const looks = looksAt(of, deps, context);
    const verdict = await lookAtAll(looks, context);
    return done(verdict, `${looks.length} parts of the network, ${verdict.findings.length} differ`);
  },
});

function looksAt(of: RegionDriftData, deps: RegionDeps, context: StepContext): PartLook[] {
  const { region, vpc, zones, groups, rules } = of;
  return [
    { place: 'VPC', look: async () => makeVpc.probe(vpc, deps, context) },
    { place: 'internet gateway', look: async () => attachGateway.probe(vpc, deps, context) },
    { place: 'security groups', look: async () => makeGroups.probe({ region, groups }, deps, context) },
    { place: 'rules', look: async () => setRules.probe({ region, groups, rules }, deps, context) },
    ...zones.flatMap((zone): PartLook[] => [
      { place: `subnets of ${zone.zone}`, look: async () => makeSubnets.probe(zone, deps, context) },
      ...(zone.natIn === undefined
        ? []
        : [{ place: `NAT gateway of ${zone.zone}`, look: async () => makeNat.probe(zone, deps, context) }]),
      { place: `routes of ${zone.zone}`, look: async () => makeRoutes.probe(zone, deps, context) },
    ]),
  ];
}
