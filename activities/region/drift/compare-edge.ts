import type { DriftVerdict, RegionEdge } from '../../../src/runs/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { lookAtAnswers, looksAtEdge } from '../edge/looks.ts';
import { lookAtAll } from './look-at-all.ts';

/** Who renews by itself does so earlier: ACM 60 days before the end, most ACME clients 30. */
const certificateMs = 21 * 86_400_000;

/** Looks at the edge of a region as a rollout does, asks the authority, and changes nothing. A weight is no drift: an operator may have set it. */
export const compareEdge = defineStep<RegionEdge, DriftVerdict, RegionDeps>({
  name: 'region.compare-edge',
  probe: async (of, deps, context) => {
    const looks = [...looksAtEdge(of, deps, context, certificateMs), lookAtAnswers(of, deps, context)];
    const verdict = await lookAtAll(looks, context);
    return done(verdict, `${looks.length} parts of the edge, ${verdict.findings.length} differ`);
  },
});
