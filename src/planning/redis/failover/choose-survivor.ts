import type { SeenNode } from '../group/roles.ts';
import type { Finding } from '../group/types.ts';

/** A replica of a dead primary. */
export type Survivor = SeenNode & {
  /** How long its link to the dead primary has been down; 0 while it is up. Milliseconds. */
  linkAgeMs: number;
  /** It has not been linked since it was started. */
  neverLinked: boolean;
};

export type SurvivorLimits = {
  maxLinkAgeMs: number;
  /** How long ago the primary was last seen alive, where that is known: it is not dead for longer. Milliseconds. */
  deadForMs?: number;
};

/**
 * A replica that restarted from its append-only file shows this offset, under a history of its own (7.0.15); so does one
 * of a group that was never written to, but that one was linked.
 */
const forgotten = 1;
/** Link ages are in whole seconds. Milliseconds. */
const surelyLaterMs = 2_000;

/** What keeps a survivor from becoming primary. Lag is no obstacle: there is nothing better than the best one. */
export function survivorFindings(
  node: Survivor,
  all: readonly Survivor[],
  { maxLinkAgeMs, deadForMs }: SurvivorLimits,
): Finding[] {
  const { reading } = node;
  const at = (code: Finding['code'], message: string): Finding => ({ code, message, place: node.name });
  const findings: Finding[] = [];
  if (reading.loading) findings.push(at('REDIS_LOADING', `${node.name} is loading its data set`));
  if (reading.syncInProgress) {
    findings.push(
      at('REDIS_REPLICA_UNLINKED', `${node.name} was in the middle of a full sync: its data set is not whole`),
    );
  }
  if (reading.priority === 0) findings.push(at('REDIS_REPLICA_PRIORITY_ZERO', `${node.name} has replica-priority 0`));
  if (!reading.hasConfigFile)
    findings.push(at('REDIS_NO_CONFIG_FILE', `${node.name} was started without a config file`));
  if (hasForgotten(node)) {
    findings.push(at('REDIS_REPLICA_UNLINKED', `${node.name} restarted and has forgotten its offset`));
  } else if (
    hasOtherHistory(
      node,
      all.filter((other) => !hasForgotten(other)),
    )
  ) {
    findings.push(at('REDIS_REPLICA_UNLINKED', `${node.name} has another replication history than the others`));
  }
  // Nobody was dead before the last link to it broke, however long ago it was last read.
  const since = Math.min(deadForMs ?? Infinity, ...all.map(({ linkAgeMs }) => linkAgeMs));
  const before = node.linkAgeMs - since;
  if (before > maxLinkAgeMs) {
    const words = `${Math.round(before / 1000)} s before the primary was lost; the limit is ${maxLinkAgeMs / 1000} s`;
    findings.push(at('REDIS_REPLICA_LAGGING', `the link of ${node.name} broke ${words}`));
  }
  return findings;
}

function hasForgotten({ reading, neverLinked }: Survivor): boolean {
  return neverLinked && reading.offset <= forgotten;
}

/**
 * Offsets of different histories can't be compared. The history that most have counts; where as many have another one, the
 * one whose link to the dead primary broke last.
 */
function hasOtherHistory(node: Survivor, all: readonly Survivor[]): boolean {
  const same = all.filter(({ reading }) => reading.replid === node.reading.replid);
  const others = all.filter(({ reading }) => reading.replid !== node.reading.replid);
  if (same.length !== others.length) return same.length < others.length;
  const youngest = (nodes: readonly Survivor[]): number => Math.min(...nodes.map(({ linkAgeMs }) => linkAgeMs));
  // Redis counts whole seconds: links that broke at one moment may be a second apart.
  return youngest(same) > youngest(others) - surelyLaterMs;
}

/**
 * The fittest survivor: the highest offset, then the lowest replica-priority (as Sentinel reads it), then the name; or the
 * one that was asked for. Offsets stand still without a primary, so the same facts always give the same node.
 */
export function chooseSurvivor(
  all: readonly Survivor[],
  limits: SurvivorLimits,
  to: string | undefined,
): { candidate: Survivor } | { findings: Finding[] } {
  const judged = all.map((node) => ({ node, findings: survivorFindings(node, all, limits) }));
  if (to !== undefined) {
    const asked = judged.find(({ node }) => node.name === to);
    if (asked && !asked.findings.length) return { candidate: asked.node };
    const none: Finding = {
      code: 'REDIS_NO_HEALTHY_REPLICA',
      message: `${to} does not answer as a replica`,
      place: to,
    };
    return { findings: asked?.findings ?? [none] };
  }
  const [best] = judged
    .filter(({ findings }) => !findings.length)
    .map(({ node }) => node)
    .sort(
      (a, b) =>
        b.reading.offset - a.reading.offset || a.reading.priority - b.reading.priority || (a.name < b.name ? -1 : 1),
    );
  if (best) return { candidate: best };
  const none: Finding = {
    code: 'REDIS_NO_HEALTHY_REPLICA',
    message: 'no replica of the group is fit to become primary',
  };
  return { findings: [none, ...judged.flatMap(({ findings }) => findings)] };
}
