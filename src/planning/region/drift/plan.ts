import type { DraftOf, RegionDriftData } from '../../../runs/index.ts';
import { regionAsMeant } from '../meant/region.ts';
import type { MeantRegion } from '../meant/types.ts';
import type { Finding } from '../types.ts';

export type DriftPlanning =
  { ok: true; draft: DraftOf<'region.drift', RegionDriftData> } | { ok: false; findings: readonly Finding[] };

/** What a region is compared with, from the platform file and the catalogue alone. Pure. Runbook: docs/region/drift.md. */
export function planDrift(meant: MeantRegion, findings: readonly Finding[]): DriftPlanning {
  if (findings.length > 0) return { ok: false, findings };
  const data = regionAsMeant(meant);
  const { region, zones, groups, rules, components, edge } = data;
  const objects = components.reduce((sum, one) => sum + one.objects.length, 0);
  return {
    ok: true,
    draft: {
      title: `Compare ${region} with the platform file`,
      actions: [
        {
          step: 'region.compare-network',
          what: `Compare the VPC, ${zones.length} zones, ${groups.length} security groups and ${rules.length} rules`,
          reversible: true,
        },
        {
          step: 'region.compare-components',
          what: `Compare ${objects} objects of ${components.length} components, and whether their pods are ready`,
          reversible: true,
        },
        ...(edge
          ? [
              {
                step: 'region.compare-edge' as const,
                what: `Compare ${edge.balancer.name} and its records, and ask the name servers for ${edge.names.own}`,
                reversible: true,
              },
            ]
          : []),
      ],
      ...{ facts: [], warnings: [], irreversible: [], voidIf: [] },
      data,
    },
  };
}
