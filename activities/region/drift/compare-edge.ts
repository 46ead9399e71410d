import type { DriftVerdict, Finding, RegionEdge } from '../../../src/runs/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { lookAtAnswers, looksAtEdge } from '../edge/looks.ts';

/** Looks at the edge of a region as a rollout does, asks the authority, and changes nothing. A weight is nobody's drift. */
export const compareEdge = defineStep<RegionEdge, DriftVerdict, RegionDeps>({
  name: 'region.compare-edge',
  probe: async (of, deps, context) => {
    const looks = [...looksAtEdge(of, deps, context), lookAtAnswers(of, deps, context)];
    const findings: Finding[] = [];
    for (const [index, { place, look }] of looks.entries()) {
      const seen = await look();
      const code = seen.verdict === 'blocked' ? seen.code : 'REGION_DRIFT';
      if (seen.verdict !== 'done') findings.push({ code, message: seen.summary, place });
      context.progress({ looked: index + 1 });
    }
    return done({ compared: looks.length, findings }, `${looks.length} parts of the edge, ${findings.length} differ`);
  },
});
