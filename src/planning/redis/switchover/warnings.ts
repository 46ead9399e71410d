import type { SeenNode } from '../group/roles.ts';
import { isListedAs } from '../group/roles.ts';
import { linkFindings } from '../group/checks.ts';
import { sentinelWarnings } from '../group/sentinel.ts';
import type { GroupFacts, GroupIntent } from '../group/types.ts';

/** Seconds of writes that the backlog should hold, so that re-pointed replicas need no full copy. */
const backlogSeconds = 60;

export type Warned = {
  intent: GroupIntent;
  facts: GroupFacts;
  primary: SeenNode;
  candidate: SeenNode;
  siblings: readonly SeenNode[];
};

/** What does not stand in the way and should be known to those who approve. */
export function warningsOf({ intent, facts, primary, candidate, siblings }: Warned): string[] {
  const needed = Math.ceil((facts.writeBytesPerSecond ?? 0) * backlogSeconds);
  const { writeSafety } = intent;
  const all = [primary, candidate, ...siblings];
  return [
    ...all
      .filter(({ reading }) => reading.backlogBytes < needed)
      .map(
        ({ name, reading }) =>
          `the backlog of ${name} (${reading.backlogBytes} bytes) holds less than ${backlogSeconds} s of writes (${needed} bytes): a replica may need a full copy`,
      ),
    ...siblings.flatMap((node) => linkFindings(node, primary, intent.lagLimitBytes).map(({ message }) => message)),
    ...primary.reading.replicas
      .filter((listed) => ![candidate, ...siblings].some((node) => isListedAs(listed, node)))
      .map(
        ({ host, port }) =>
          `${host}:${port} follows ${primary.name} and is not in the platform file: no run re-points it, so it stays on ${primary.name}, as a replica of a replica`,
      ),
    ...sentinelWarnings(facts),
    ...(facts.discovery.kind === 'nothing'
      ? ['the discovery does not know this group yet; the handover will announce it']
      : []),
    ...all
      .filter(({ reading }) => reading.users === undefined)
      .map(({ name }) => `the users (ACL) of ${name} could not be compared: no permission`),
    ...[primary, ...siblings]
      .filter(({ reading }) => !reading.aofEnabled && !reading.rdbEnabled)
      .map(({ name }) => `${name} saves nothing to disk`),
    ...(writeSafety.minReplicasToWrite > all.length - 1
      ? [
          `min-replicas-to-write ${writeSafety.minReplicasToWrite} is more than the group has replicas: it would refuse all writes`,
        ]
      : []),
    ...(primary.reading.writeSafety.minReplicasToWrite === writeSafety.minReplicasToWrite
      ? []
      : [
          `min-replicas-to-write of ${primary.name} is ${primary.reading.writeSafety.minReplicasToWrite}, the platform file says ${writeSafety.minReplicasToWrite}: the run sets what the file says`,
        ]),
  ];
}
