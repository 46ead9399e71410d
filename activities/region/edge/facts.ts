import type { Finding, RolloutFacts } from '../../../src/planning/region/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { lookingWith } from '../access/with-edge.ts';
import { looksAtEdge } from './looks.ts';

/** How the edge of a region stands, part by part, and what of it is in the way. It changes nothing. */
export async function edgeFacts(
  edge: RegionEdge | undefined,
  deps: RegionDeps,
  signal: AbortSignal,
): Promise<{ standing: RolloutFacts['edge']; findings: Finding[] }> {
  const standing: { place: string; words: string }[] = [];
  const findings: Finding[] = [];
  if (!edge) return { standing, findings };
  for (const { place, look } of looksAtEdge(edge, deps, lookingWith(signal))) {
    const seen = await look();
    standing.push({ place, words: seen.summary });
    if (seen.verdict === 'blocked')
      findings.push({ code: seen.code, message: seen.summary, place: `rollout.regions.${edge.region}.edge: ${place}` });
  }
  return { standing, findings };
}
