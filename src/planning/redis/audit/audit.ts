import { fitnessFindings, groupFindings, likenessFindings, linkFindings } from '../group/checks.ts';
import type { SeenNode } from '../group/roles.ts';
import { isListedAs, primariesOf, seenNodes } from '../group/roles.ts';
import type { Finding, GroupFacts, GroupIntent, WriteSafety } from '../group/types.ts';

/** Codes that stand in the way of a handover and say nothing against a group that is left alone. */
const passing: readonly Finding['code'][] = ['REDIS_PERSISTENCE_BUSY'];

/**
 * Facts → what is not as the platform file says or as a group should stand, whoever left it so: roles, links, write safety,
 * persistence, priorities, versions, eviction policy and whatever else clients would notice. What the platform file accepts
 * for this group is left out. Pure.
 */
export function auditGroup(intent: GroupIntent, facts: GroupFacts): Finding[] {
  const nodes = seenNodes(facts);
  const primaries = primariesOf(facts);
  const [primary] = primaries;
  const replicas = nodes.filter(({ reading }) => reading.role === 'replica');
  const accepted = intent.guard?.accept ?? [];
  const findings = [
    ...groupFindings(facts).filter(({ code }) => !passing.includes(code)),
    ...(primary && primaries.length === 1
      ? replicas.flatMap((node) => [
          ...linkFindings(node, primary, intent.lagLimitBytes),
          ...likenessFindings(node, primary),
          ...persistenceFindings(node, primary),
        ])
      : []),
    // Each node may be the next primary, and the one that restarts: none is fit for that without persistence.
    ...nodes.flatMap((node) => fitnessFindings(node).filter(({ code }) => code !== priorityCode || isReplica(node))),
    ...nodes.flatMap((node) => writeSafetyFindings(node, intent.writeSafety)),
    ...(primary && primaries.length === 1
      ? [...recordFindings(primary, intent.writeSafety), ...strangerFindings(primary, facts)]
      : []),
  ];
  return findings.filter(({ code, place }) => !accepted.includes(code) && !accepted.includes(`${code}@${place ?? ''}`));
}

/** It counts where Sentinels or a failover choose; a primary's own is looked at once it is a replica. */
const priorityCode = 'REDIS_REPLICA_PRIORITY_ZERO';

function isReplica({ reading }: SeenNode): boolean {
  return reading.role === 'replica';
}

/** A replica that saves to disk in another way than its primary: as the next primary it keeps less, or more, than promised. */
function persistenceFindings(node: SeenNode, primary: SeenNode): Finding[] {
  // A node that saves nothing at all is a finding of its own.
  const isSaving = ({ reading }: SeenNode): boolean => reading.aofEnabled || reading.rdbEnabled;
  if (!isSaving(node) || !isSaving(primary) || node.reading.aofEnabled === primary.reading.aofEnabled) return [];
  const word = ({ name, reading }: SeenNode): string => `${reading.aofEnabled ? 'yes' : 'no'} on ${name}`;
  return [
    {
      code: 'REDIS_CONFIG_MISMATCH',
      message: `appendonly is ${word(node)} and ${word(primary)}`,
      place: node.name,
    },
  ];
}

/** What a run that was ended on its way left: nobody believes in the lease of this primary, though it has one. */
function recordFindings({ name, reading }: SeenNode, { minReplicasToWrite }: WriteSafety): Finding[] {
  const { minReplicasRecorded: recorded } = reading;
  if (recorded === undefined || recorded >= minReplicasToWrite) return [];
  const message = `the group's record says min-replicas-to-write ${recorded}, the platform file ${minReplicasToWrite}: ${name} has no lease that a failover would count on`;
  return [{ code: 'REDIS_WRITE_SAFETY_DEVIATES', message, place: `${name}:record` }];
}

/** Who follows the primary and stands nowhere: cut off with it, it keeps it writable. A node that can't be asked may be listed. */
function strangerFindings(primary: SeenNode, facts: GroupFacts): Finding[] {
  const nodes = seenNodes(facts);
  const strangers = primary.reading.replicas.filter((listed) => !nodes.some((node) => isListedAs(listed, node)));
  const silent = facts.nodes.filter(({ problem }) => problem).length;
  if (strangers.length <= silent) return [];
  const words = strangers.map(({ host, port }) => `${host}:${port}`).join(', ');
  const verbs = strangers.length === 1 ? ['follows', 'is'] : ['follow', 'are'];
  const message = `${words} ${verbs[0]} ${primary.name} and ${verbs[1]} not in the platform file: until that changes ${primary.name} has no lease`;
  return [{ code: 'REDIS_REPLICA_UNDECLARED', message, place: primary.name }];
}

function writeSafetyFindings({ name, reading }: SeenNode, wanted: WriteSafety): Finding[] {
  const { minReplicasToWrite, minReplicasMaxLagSeconds } = reading.writeSafety;
  if (
    minReplicasToWrite === wanted.minReplicasToWrite &&
    minReplicasMaxLagSeconds === wanted.minReplicasMaxLagSeconds
  ) {
    return [];
  }
  const message = `${name}: min-replicas-to-write ${minReplicasToWrite}, min-replicas-max-lag ${minReplicasMaxLagSeconds}; the platform file says ${wanted.minReplicasToWrite} and ${wanted.minReplicasMaxLagSeconds}`;
  return [{ code: 'REDIS_WRITE_SAFETY_DEVIATES', message, place: name }];
}
