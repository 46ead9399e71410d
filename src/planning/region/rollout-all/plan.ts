import type { DraftOf, RegionRolloutAllData } from '../../../runs/index.ts';
import type { Finding, RolloutPlanning } from '../types.ts';

/** What the plan of one region says, and the digest of what it would be carried out from. */
export type PlannedRegion = { region: string; waves: readonly number[]; planning: RolloutPlanning; digest: string };

export type RolloutAllPlanning =
  | { ok: true; draft: DraftOf<'region.rollout-all', RegionRolloutAllData> }
  | { ok: false; findings: readonly Finding[] };

/**
 * The plans of the regions → one with a barrier after each wave, or everything that is in the way of any of them. Pure.
 * Runbook: docs/region/rollout-all.md.
 */
export function planRolloutAll(
  all: readonly PlannedRegion[],
  { window, withHosts }: { window: number; withHosts: boolean },
): RolloutAllPlanning {
  const findings = all.flatMap(({ region, planning }) =>
    planning.ok ? [] : planning.findings.map((one) => ({ ...one, message: `${region}: ${one.message}` })),
  );
  if (findings.length > 0) return { ok: false, findings };
  const drafts = all.flatMap(({ region, planning }) => (planning.ok ? [{ region, draft: planning.draft }] : []));
  const regions = all.map(({ region }) => region);
  const waves = [...new Set(all.flatMap((one) => one.waves))].sort((a, b) => a - b);
  // A platform without components has its networks.
  const barriers = waves.length > 0 ? waves : [1];
  return {
    ok: true,
    draft: {
      title: `Bring up ${regions.join(', ')} in ${barriers.length} waves, ${window} at once`,
      actions: barriers.flatMap((wave, at) =>
        regions.map((region) => ({
          step: 'region.rollout' as const,
          what: `Wave ${wave}: ${region}${at === barriers.length - 1 ? ', to its end' : ''}`,
          // What a region was brought to stays when this run is undone.
          reversible: false,
        })),
      ),
      facts: drafts.flatMap(({ region, draft: { title, facts } }) => [
        { label: region, value: title },
        ...facts
          .filter(({ label }) => label !== 'graph')
          .map(({ label, value }) => ({ label: `${region}: ${label}`, value })),
      ]),
      warnings: drafts.flatMap(({ region, draft }) => draft.warnings.map((line) => `${region}: ${line}`)),
      irreversible: [
        'A region stays at the wave that it has reached: an abort undoes only what is under way.',
        ...new Set(drafts.flatMap(({ draft }) => draft.irreversible)),
      ],
      voidIf: [...new Set(drafts.flatMap(({ draft }) => draft.voidIf))],
      data: {
        ...{ regions, waves: barriers, window, withHosts },
        plans: Object.fromEntries(all.map(({ region, digest }) => [region, digest])),
      },
    },
  };
}
