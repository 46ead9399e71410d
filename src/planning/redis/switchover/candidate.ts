import { fitnessFindings, likenessFindings, linkFindings } from '../group/checks.ts';
import type { SeenNode } from '../group/roles.ts';
import { lagBytes } from '../group/roles.ts';
import type { Finding, GroupIntent } from '../group/types.ts';

/** The share of the lag limit within which two replicas count as equally close: an offset moves with every write. */
const lagBuckets = 4;

export type Choice = { candidate: SeenNode } | { findings: Finding[] };

/**
 * The replica that is to become primary: the one that was asked for, else the fittest: smallest lag (in buckets), then
 * the lowest replica-priority (as Sentinel reads it), then the name. The same facts always give the same node, and a few
 * bytes of lag don't change it.
 */
export function chooseCandidate(
  primary: SeenNode,
  replicas: readonly SeenNode[],
  intent: GroupIntent,
  to: string | undefined,
): Choice {
  const findingsOf = (node: SeenNode): Finding[] => [
    ...linkFindings(node, primary, intent.lagLimitBytes),
    ...likenessFindings(node, primary),
    ...fitnessFindings(node),
  ];
  if (to !== undefined) {
    const asked = replicas.find((node) => node.name === to);
    // Not among those that answered: its own problem is listed already.
    if (!asked) return { findings: [] };
    const findings = findingsOf(asked);
    return findings.length ? { findings } : { candidate: asked };
  }
  const judged = replicas.map((node) => ({ node, findings: findingsOf(node) }));
  const [best] = judged
    .filter(({ findings }) => !findings.length)
    .map(({ node }) => node)
    .sort((a, b) => rank(a) - rank(b) || a.reading.priority - b.reading.priority || (a.name < b.name ? -1 : 1));
  if (best) return { candidate: best };
  const none: Finding = {
    code: 'REDIS_NO_HEALTHY_REPLICA',
    message: 'no replica of the group is fit to become primary',
  };
  return { findings: [none, ...judged.flatMap(({ findings }) => findings)] };

  function rank(node: SeenNode): number {
    return Math.floor((lagBytes(primary.reading, node.reading) * lagBuckets) / intent.lagLimitBytes);
  }
}
