import { minReplicasKey } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { NewOrder, WriteSafety } from '../../../src/planning/redis/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { RedisDeps } from '../access/access.ts';
import { readGroup, roleFaults, withGroup } from '../group/read.ts';
import { sameWriteSafety, setWriteSafety, writeSafetyOf } from '../writes/write-safety.ts';

type Safety = (WriteSafety & { name: string })[];

/** How long the replicas may take to be linked. Milliseconds. */
const replicasLinkedMs = 30_000;
const pollEveryMs = 100;

/**
 * Every node gets what the platform file says of min-replicas-to-write, so that the next fencing by lease holds whoever
 * is primary then; on the new primary only once enough replicas are linked, or it would refuse all writes.
 */
export const restoreWriteSafety = defineStep<NewOrder, Safety, RedisDeps>({
  name: 'redis.restore-write-safety',
  probe: async (data, { groups }) =>
    withGroup(await groups(data.group), data, async (members) => {
      const seen = await Promise.all(
        members.map(async ({ ref, node }) => ({ name: ref.name, ...(await writeSafetyOf(node)) })),
      );
      const off = seen.filter((one) => !sameWriteSafety(one, wantedOf(one.name, data))).map(({ name }) => name);
      if (off.length) return todo(seen, `${off.join(', ')}: not what the platform file says`);
      const recorded = await members[0]?.node.get(minReplicasKey);
      const { minReplicasToWrite } = wantedOf(data.candidate.name, data);
      if (recorded !== undefined && recorded !== String(minReplicasToWrite)) {
        return todo(seen, `the record of a deviation on ${data.candidate.name} still says ${recorded}`);
      }
      return done(seen, wordsOf(data));
    }),
  apply: async (data, _seen, { groups }, { signal }) =>
    withGroup(await groups(data.group), data, async (members) => {
      await linked(members, data, signal);
      await Promise.all(members.map(({ ref, node }) => setWriteSafety(node, wantedOf(ref.name, data))));
    }),
});

/**
 * What a node is to have. After a failover the new primary gets no more than it has replicas: it would refuse all writes.
 * That is a deviation from the platform file, which `redis.restore-redundancy` and the guard take back.
 */
function wantedOf(name: string, data: NewOrder): WriteSafety {
  if (data.primary || name !== data.candidate.name) return data.writeSafety;
  const { minReplicasToWrite } = data.writeSafety;
  return { ...data.writeSafety, minReplicasToWrite: Math.min(minReplicasToWrite, data.siblings.length) };
}

function wordsOf(data: NewOrder): string {
  const { minReplicasToWrite: declared } = data.writeSafety;
  const { minReplicasToWrite: now } = wantedOf(data.candidate.name, data);
  if (now === declared) return `min-replicas-to-write ${declared} on every node`;
  return `deviation: min-replicas-to-write ${now} on ${data.candidate.name}, which has ${data.siblings.length} replicas; the platform file says ${declared}`;
}

async function linked(
  members: Parameters<typeof readGroup>[0],
  data: NewOrder,
  signal: StepContext['signal'],
): Promise<void> {
  const deadline = performance.now() + replicasLinkedMs;
  for (;;) {
    const seen = await readGroup(members);
    const faults = roleFaults(seen, data);
    const sound = seen.length - 1 - faults.length;
    if (sound >= wantedOf(data.candidate.name, data).minReplicasToWrite && seen[0]?.role === 'primary') return;
    if (performance.now() > deadline) {
      throw new GantryError('REDIS_NOT_ENOUGH_REPLICAS', `only ${sound} replicas are linked: ${faults.join('; ')}`, {
        evidence: { seen, wanted: wantedOf(data.candidate.name, data).minReplicasToWrite },
      });
    }
    await wait(pollEveryMs, signal);
  }
}
