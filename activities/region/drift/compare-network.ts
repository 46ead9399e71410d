import type { Finding, DriftVerdict, RegionDriftData } from '../../../src/runs/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { attachGateway } from '../network/attach-gateway.ts';
import { makeGroups } from '../network/make-groups.ts';
import { makeNat } from '../network/make-nat.ts';
import { makeRoutes } from '../network/make-routes.ts';
import { makeSubnets } from '../network/make-subnets.ts';
import { makeVpc } from '../network/make-vpc.ts';
import { setRules } from '../network/set-rules.ts';

type Look = { place: string; look: () => Promise<Probe<unknown>> };

/** Looks at the network of a region as a rollout does, and changes nothing: what that one would do, or would not dare to, is different. */
export const compareNetwork = defineStep<RegionDriftData, DriftVerdict, RegionDeps>({
  name: 'region.compare-network',
  probe: async (of, deps, context) => {
    const looks = looksAt(of, deps, context);
    const findings: Finding[] = [];
    for (const [index, { place, look }] of looks.entries()) {
      const seen = await look();
      const code = seen.verdict === 'blocked' ? seen.code : 'REGION_DRIFT';
      if (seen.verdict !== 'done') findings.push({ code, message: seen.summary, place });
      context.progress({ looked: index + 1 });
    }
    return done(
      { compared: looks.length, findings },
      `${looks.length} parts of the network, ${findings.length} differ`,
    );
  },
});

function looksAt(of: RegionDriftData, deps: RegionDeps, context: StepContext): Look[] {
  const { region, vpc, zones, groups, rules } = of;
  return [
    { place: 'VPC', look: async () => makeVpc.probe(vpc, deps, context) },
    { place: 'internet gateway', look: async () => attachGateway.probe(vpc, deps, context) },
    { place: 'security groups', look: async () => makeGroups.probe({ region, groups }, deps, context) },
    { place: 'rules', look: async () => setRules.probe({ region, groups, rules }, deps, context) },
    ...zones.flatMap((zone): Look[] => [
      { place: `subnets of ${zone.zone}`, look: async () => makeSubnets.probe(zone, deps, context) },
      ...(zone.natIn === undefined
        ? []
        : [{ place: `NAT gateway of ${zone.zone}`, look: async () => makeNat.probe(zone, deps, context) }]),
      { place: `routes of ${zone.zone}`, look: async () => makeRoutes.probe(zone, deps, context) },
    ]),
  ];
}
