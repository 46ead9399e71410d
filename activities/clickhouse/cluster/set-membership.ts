import type { ShardWeights } from '../../../src/runs/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ListedMember, ListedServer } from '../../../src/planning/clickhouse/index.ts';
import { asXml, listingOf, listingProblems, weightsInWords } from '../../../src/planning/clickhouse/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { asStep, serversOf, withServer, withServers } from '../access/access.ts';
import { filledTables } from './filled-tables.ts';

/** The shards that every server is to list. */
export type MembershipInput = { cluster: string; listedAs: string; weights: ShardWeights };

/** `lists`: what each server lists, `1=1,2=1`; `former`: what all of them listed alike, where they did. */
export type MembershipSeen = { lists: Readonly<Record<string, string>>; former?: ShardWeights };

/** Hosts take a changed file up within seconds; bringing it to them is what takes its time. */
const settleMs = 120_000;
const pollEveryMs = 500;

/**
 * Every server lists these shards, with these servers and weights. The file on the hosts is the operator's: the platform
 * file's hook writes it, or a person does; the proof is what `system.clusters` says on every server, old and new.
 */
export const setMembership = defineStep<MembershipInput, MembershipSeen, ClickHouseDeps>({
  name: 'clickhouse.set-membership',
  settleMs,
  settleEveryMs: pollEveryMs,
  probe: async (input, { clusters }, context) => {
    const access = await clusters(input.cluster);
    const { membership } = access.config;
    const servers = declaredServers(access);
    const lists = await listsOf(access, input, context);
    const problems = problemsOf(lists, servers, input.weights);
    const seen = seenOf(lists);
    const wanted = weightsInWords(input.weights);
    if (problems.length === 0) {
      const confirmed = await hookOf(access, input, input.weights, context)?.confirm(context.signal);
      if (confirmed && !confirmed.confirmed)
        return todo(seen, `every server lists ${wanted}, but the files of the hosts do not: ${confirmed.evidence}`);
      return done(seen, `all ${lists.length} servers list ${wanted}`);
    }
    const words = problems.slice(0, 6).join('; ');
    if (membership.hook) return todo(seen, words, { begun: problems.length < lists.length });
    const text = `${words}. In \`remote_servers\` of every server, ${input.listedAs}: ${asXml(input.weights, servers)}`;
    return blocked('CLICKHOUSE_MEMBERSHIP_DIFFERS', seen, text);
  },
  apply: async (input, _seen, { clusters, log }, context) => {
    const access = await clusters(input.cluster);
    context.mustBeOurs();
    await hookOf(access, input, input.weights, context)?.run(context.signal);
    log.info({ cluster: input.cluster, shards: weightsInWords(input.weights) }, 'membership changed');
  },
  undo: async (input, before, { clusters }, context) => {
    const access = await clusters(input.cluster);
    const { former } = before;
    if (!former) {
      const message = 'the servers listed different things before: set the lists by hand, then `gantry skip`';
      throw new GantryError('CLICKHOUSE_MEMBERSHIP_DIFFERS', message);
    }
    const gone = Object.keys(input.weights).filter((shard) => !(shard in former));
    for (const server of gone.flatMap((shard) => serversOf(access, Number(shard)))) {
      const filled = await withServer(access, server, filledTables, asStep(context));
      if (filled.length === 0) continue;
      const message = `${server} has rows of ${filled.join(', ')}: without the shard in the list, readers would miss them`;
      throw new GantryError('CLICKHOUSE_SHARD_NOT_EMPTY', message);
    }
    await hookOf(access, input, former, context)?.run(context.signal);
    await allListAgain(access, input, former, context);
  },
});

/**
 * What is undone next drops the tables of who has left: read where it is still listed, they would be missed.
 * @throws CLICKHOUSE_MEMBERSHIP_DIFFERS where servers still list others: at once where a person writes the list
 */
async function allListAgain(
  access: ClickHouseClusterAccess,
  input: MembershipInput,
  former: ShardWeights,
  context: StepContext,
): Promise<void> {
  const deadline = performance.now() + (access.config.membership.hook ? settleMs : 0);
  const servers = declaredServers(access);
  for (;;) {
    const members = (await listsOf(access, input, context)).filter(({ shard }) => String(shard) in former);
    const problems = problemsOf(members, servers, former);
    if (problems.length === 0) return;
    if (performance.now() > deadline) {
      const text = `${problems.slice(0, 6).join('; ')}. In \`remote_servers\` of every server, ${input.listedAs}: ${asXml(former, servers)}`;
      throw new GantryError('CLICKHOUSE_MEMBERSHIP_DIFFERS', text);
    }
    await wait(pollEveryMs, context.signal);
  }
}

function declaredServers({ config }: ClickHouseClusterAccess): ListedServer[] {
  return config.nodes.map(({ name: server, ...rest }) => ({ server, ...rest }));
}

function problemsOf(lists: Lists, servers: readonly ListedServer[], weights: ShardWeights): string[] {
  return lists.flatMap(({ server, listed }) =>
    listingProblems(listed, servers, weights).map((problem) => `${server} ${problem}`),
  );
}

type Lists = readonly { server: string; shard: number; listed: readonly ListedMember[] }[];

function listsOf(access: ClickHouseClusterAccess, { listedAs }: MembershipInput, context: StepContext): Promise<Lists> {
  const { nodes } = access.config;
  const names = nodes.map(({ name }) => name);
  const ask = (open: Parameters<Parameters<typeof withServers>[2]>[0]): Promise<Lists> =>
    Promise.all(
      open.map(async (node, at) => {
        const { name: server, shard } = nodes[at] as (typeof nodes)[number];
        return { server, shard, listed: await node.cluster(listedAs) };
      }),
    );
  return withServers(access, names, ask, asStep(context));
}

/** A server that does not list its own shard is no part of the cluster yet: what it lists is nobody's former list. */
function seenOf(lists: Lists): MembershipSeen {
  const all = lists.map(({ server, shard, listed }) => ({ server, shard, ...listingOf(listed, []) }));
  const members = all.filter(({ shard, weights }) => String(shard) in weights);
  const kinds = new Set(members.map(({ weights }) => weightsInWords(weights)));
  const former = kinds.size === 1 ? members[0]?.weights : undefined;
  return {
    lists: Object.fromEntries(all.map(({ server, weights }) => [server, weightsInWords(weights)])),
    ...(former ? { former } : {}),
  };
}

function hookOf(
  access: ClickHouseClusterAccess,
  { listedAs }: MembershipInput,
  weights: ShardWeights,
  { unit }: StepContext,
) {
  const { hook } = access.config.membership;
  return hook && access.membership(hook, { cluster: listedAs, shards: weightsInWords(weights), unit });
}
