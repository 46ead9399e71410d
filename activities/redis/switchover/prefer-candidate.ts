import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import type { PriorityChange, RedisSwitchoverData } from '../../../src/planning/redis/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import { withNode } from '../access/access.ts';
import { ours } from '../access/ours.ts';
import { newEpoch, reached } from '../writes/new-epoch.ts';
import { withSentinels } from '../access/sentinels.ts';

const setting = 'replica-priority';

/** Sentinels read a replica's priority with its INFO, every 10 s. Milliseconds. */
const noticedMs = 20_000;

/** The epochs are the nodes' own at this look: a late attempt's change is refused by a node that has another one. */
type Priorities = {
  epochs: Record<string, number>;
  nodes: Record<string, number>;
  sentinels: { sentinel: string; chooses: boolean }[];
};

/**
 * Makes the planned candidate the only choice of the Sentinels: one can't tell them whom to promote. In memory only, until
 * `redis.restore-priorities`; whoever rewrites its file meanwhile (the Sentinels do) writes the deviation down.
 */
export const preferCandidate = defineStep<RedisSwitchoverData, Priorities, RedisDeps>({
  name: 'redis.prefer-candidate',
  settleMs: noticedMs,
  settleEveryMs: 250,
  probe: async (data, { groups }) => {
    const access = await groups(data.group);
    const epochs = await ofEach(access, changesOf(data), (node) => node.epoch());
    const seen = { epochs, nodes: await prioritiesOf(access, changesOf(data)), sentinels: await choices(access, data) };
    const off = changesOf(data).filter(({ name, during }) => seen.nodes[name] !== during);
    if (off.length)
      return todo(seen, off.map(({ name }) => `replica-priority of ${name} is ${seen.nodes[name]}`).join(', '));
    const unaware = seen.sentinels.filter(({ chooses }) => !chooses).map(({ sentinel }) => sentinel);
    if (unaware.length)
      return todo(seen, `${unaware.join(', ')} could still choose another than ${data.candidate.name}`);
    return done(seen, `the Sentinels can choose nobody but ${data.candidate.name}`);
  },
  apply: async (data, { epochs }, { groups }) => {
    const access = await groups(data.group);
    for (const { name, during } of changesOf(data)) {
      const epoch = epochs[name] ?? 0;
      await withNode(access, name, (node) => ours(node.configSetAsReplica(epoch, setting, String(during))));
    }
  },
  // First a new epoch: an attempt that still sleeps is refused by every node before its value is set back.
  undo: async (data, _before, { groups, log }, { signal }) => {
    const access = await groups(data.group);
    const epoch = await newEpoch(access, data, log);
    await Promise.all(
      changesOf(data).map(({ name }) => withNode(access, name, (node) => reached(node, epoch, signal))),
    );
    await restore(access, data);
  },
});

/** `replica-priority` as it was, on every node whose was changed, written to its file. */
export const restorePriorities = defineStep<RedisSwitchoverData, Record<string, number>, RedisDeps>({
  name: 'redis.restore-priorities',
  probe: async (data, { groups }) => {
    const seen = await prioritiesOf(await groups(data.group), changesOf(data));
    const off = changesOf(data).filter(({ name, before }) => seen[name] !== before);
    if (off.length) return todo(seen, off.map(({ name }) => `replica-priority of ${name} is ${seen[name]}`).join(', '));
    return done(seen, 'replica-priority is as it was on every node');
  },
  apply: async (data, _seen, { groups }) => restore(await groups(data.group), data),
});

async function restore(access: RedisGroupAccess, data: RedisSwitchoverData): Promise<void> {
  for (const { name, before } of changesOf(data)) {
    await withNode(access, name, (node) => node.configPersist({ [setting]: String(before) }));
  }
}

function changesOf({ sentinel }: RedisSwitchoverData): readonly PriorityChange[] {
  return sentinel?.priorities ?? [];
}

function prioritiesOf(access: RedisGroupAccess, changes: readonly PriorityChange[]): Promise<Record<string, number>> {
  return ofEach(access, changes, async (node) => Number((await node.configGet([setting]))[setting]));
}

/** A number of every node whose priority changes, by its name. */
async function ofEach(
  access: RedisGroupAccess,
  changes: readonly PriorityChange[],
  read: (node: RedisNode) => Promise<number>,
): Promise<Record<string, number>> {
  const one = async ({ name }: PriorityChange): Promise<[string, number]> => [name, await withNode(access, name, read)];
  return Object.fromEntries(await Promise.all(changes.map(one)));
}

/** Whether each Sentinel that answers would take the candidate: its priority is the lowest that isn't 0. */
async function choices(access: RedisGroupAccess, data: RedisSwitchoverData): Promise<Priorities['sentinels']> {
  const { sentinels } = access;
  if (!sentinels) return [];
  return withSentinels(sentinels, (nodes) =>
    Promise.all(
      nodes.map(async (node) => {
        const known = await Promise.all(
          (await node.replicas(sentinels.master)).map(async (one) => ({ ...one, at: await sentinels.spelling(one) })),
        );
        const isCandidate = ({ at }: (typeof known)[number]): boolean =>
          at.host === data.candidate.host && at.port === data.candidate.port;
        const mine = known.find(isCandidate);
        const rivals = known.filter((one) => !isCandidate(one) && one.priority > 0);
        const chooses = mine !== undefined && mine.priority > 0 && rivals.every((one) => one.priority > mine.priority);
        return { sentinel: `${node.endpoint.host}:${node.endpoint.port}`, chooses };
      }),
    ),
  );
}
