import { groupFindings, linkFindings } from './checks.ts';
import { primariesOf, seenNodes } from './roles.ts';
import type { Finding, GroupFacts, GroupIntent } from './types.ts';

/** Codes that stand in the way of a handover and say nothing against a group that is left alone. */
const passing: readonly Finding['code'][] = ['REDIS_PERSISTENCE_BUSY'];

/** Facts → what is not as the platform file says or as a group should stand, whoever left it so. Pure. */
export function auditGroup(intent: GroupIntent, facts: GroupFacts): Finding[] {
  const primaries = primariesOf(facts);
  const [primary] = primaries;
  const replicas = seenNodes(facts).filter(({ reading }) => reading.role === 'replica');
  return [
    ...groupFindings(facts).filter(({ code }) => !passing.includes(code)),
    ...(primary && primaries.length === 1
      ? replicas.flatMap((node) => linkFindings(node, primary, intent.lagLimitBytes))
      : []),
    ...seenNodes(facts).flatMap(({ name, reading }) => {
      const { minReplicasToWrite, minReplicasMaxLagSeconds } = reading.writeSafety;
      const wanted = intent.writeSafety;
      if (
        minReplicasToWrite === wanted.minReplicasToWrite &&
        minReplicasMaxLagSeconds === wanted.minReplicasMaxLagSeconds
      )
        return [];
      const message = `${name}: min-replicas-to-write ${minReplicasToWrite}, min-replicas-max-lag ${minReplicasMaxLagSeconds}; the platform file says ${wanted.minReplicasToWrite} and ${wanted.minReplicasMaxLagSeconds}`;
      return [{ code: 'REDIS_WRITE_SAFETY_DEVIATES', message, place: name } as const];
    }),
  ];
}
