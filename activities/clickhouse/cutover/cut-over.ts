import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { asStep, withServers } from '../access/access.ts';
import type { Cutover, CutoverSeen } from './read.ts';
import { readSourceOf, readTargetOf, mixedParts } from './read.ts';
import { giveBack } from './give-back.ts';
import type { Move } from '../partition/move.ts';
import {
  hashedParts,
  partitionOf,
  sameHashes,
  serversOfSide,
  stagedPartition,
  stagingOf,
  stopMergesOn,
} from '../partition/move.ts';
import { changedSince, mustBeQuiet } from '../partition/quiesce.ts';
import { shownOnAll } from './shown.ts';

const pollEveryMs = 5;
/**
 * How long a sibling may take to show the attached rows, before the source gives its own away: from staging it makes hard
 * links to its own copy, what was detached it fetches.
 */
const siblingMs = { staging: 10_000, detached: 30 * 60_000 } as const;
/** Between two tries while the source's replicas elect a leader. */
const electionMs = 100;
/** How long the source may take to have a leader, and to carry the detach out. */
const detachMs = 20_000;
/** How long a merge that is called off may go on. */
const mergesEndMs = 5_000;
/**
 * A statement is sent only so soon after the look that justifies it: an attempt that slept in between, and has been given to
 * somebody else, is refused by its own connection. Shorter than any heartbeat timeout.
 */
const freshMs = 900;

type Sides = {
  target: readonly [ClickHouseNode, ...ClickHouseNode[]];
  source: readonly [ClickHouseNode, ...ClickHouseNode[]];
};

/**
 * Attaches the copy at the target and detaches the partition at the source, in one activity: between the two a reader of
 * the Distributed table counts the rows twice. It never trusts an answer: which of the two is done, the parts show. Called
 * again after a kill anywhere it goes on from there; it is never sent twice what has taken effect.
 */
export const cutOver = defineStep<Cutover, CutoverSeen, ClickHouseDeps>({
  name: 'clickhouse.cut-over',
  settleMs: 2_000,
  probe: async (cutover, deps, context) =>
    withSides(cutover.move, deps, context, async (sides) => {
      const seen = await look(cutover, sides);
      const { partition } = cutover.move;
      const summary = `target ${seen.targetRows} rows, source ${seen.sourceRows}`;
      if (seen.attached === 'unclear')
        return blocked('CLICKHOUSE_CUTOVER_UNCLEAR', seen, `whether the copy is attached is not known: ${summary}`);
      if (seen.detached === 'back') {
        return blocked('CLICKHOUSE_PARTITION_CHANGES', seen, `the source has ${partition} back: start a new move`);
      }
      if (seen.attached === 'yes' && seen.detached === 'yes') return done(seen, summary);
      if (seen.attached === 'no' && seen.detached === 'yes') {
        return blocked(
          'CLICKHOUSE_CUTOVER_UNCLEAR',
          seen,
          `the source has given ${partition} away, the target lacks it`,
        );
      }
      const begun = seen.attached === 'yes';
      const changed = begun ? undefined : await changedSince(cutover.move, cutover.quiet, pinned(sides));
      if (changed !== undefined) return blocked('CLICKHOUSE_TABLE_CHANGED', seen, `since it was digested: ${changed}`);
      return todo(seen, summary, { begun });
    }),
  apply: async (cutover, _seen, deps, context) =>
    withSides(cutover.move, deps, context, async (sides, access) => {
      const { move } = cutover;
      const startedAt = performance.now();
      await stopMergesOn([...sides.target, ...sides.source], move.name);
      if (cutover.from === 'staging') await stopMergesOn(sides.target, stagingOf(move));
      // What a connection asks once must not fall between the two statements.
      await Promise.all([...sides.target, ...sides.source].map((node) => node.parts(move.name, move.partition)));
      const quiet = (): Promise<void> => mustBeQuiet(access, move, cutover.quiet, sides);
      const seen = await look(cutover, sides);
      const attachAt = performance.now();
      if (seen.attached === 'no') {
        await quiet();
        await attach(cutover, sides);
      }
      const attachedAt = performance.now();
      await shownOnAll(sides.target, cutover, siblingMs[cutover.from], context);
      const shownAt = performance.now();
      // What the target had of its own can't be told from the copy any more: then there is only the way forward, and what came
      // meanwhile is for the proof of the move.
      await detach(cutover, sides, context, cutover.own.parts.length === 0 ? quiet : async () => undefined);
      context.measure('attachMs', attachedAt - attachAt);
      context.measure('shownMs', shownAt - attachedAt);
      context.measure('detachMs', performance.now() - shownAt);
      const ms = performance.now() - startedAt;
      deps.log.info({ table: move.table, partition: move.partition, ms }, 'partition cut over');
    }),
  undo: async (cutover, _before, deps, context) =>
    withSides(cutover.move, deps, context, (sides) => giveBack(cutover, sides, context)),
});

function withSides<T>(
  { cluster, source, target }: Move,
  { clusters }: ClickHouseDeps,
  context: StepContext,
  use: (sides: Sides, access: ClickHouseClusterAccess) => Promise<T>,
): Promise<T> {
  const names = [...serversOfSide(target), ...serversOfSide(source)];
  const at = serversOfSide(target).length;
  return (async () => {
    const access = await clusters(cluster);
    return withServers(
      access,
      names,
      (nodes) => {
        const [target0, ...targets] = nodes.slice(0, at);
        const [source0, ...sources] = nodes.slice(at);
        if (!target0 || !source0) throw new TypeError('each side has a server');
        return use({ target: [target0, ...targets], source: [source0, ...sources] }, access);
      },
      { ...asStep(context), freshMs },
    );
  })();
}

async function look(cutover: Cutover, { target, source }: Sides): Promise<CutoverSeen> {
  const [at, from] = await Promise.all([readTargetOf(target[0], cutover), readSourceOf(source[0], cutover)]);
  return { ...at, ...from };
}

async function attach({ move, copy, own, from }: Cutover, { target: [node] }: Sides): Promise<void> {
  // Once more after a part of it: what has been attached is no longer detached.
  if (from === 'detached') return node.attachPartition(partitionOf(move));
  // What was verified, and nothing that a restarted server has merged since.
  if (!sameHashes(await hashedParts(node, stagedPartition(move)), copy)) {
    throw new GantryError('CLICKHOUSE_PARTITION_CHANGES', `${move.staging} is not what was verified`);
  }
  const names = new Set((await node.parts(move.name, move.partition)).map(({ name }) => name));
  if (own.parts.some((name) => !names.has(name)) || names.size > own.parts.length + copy.length) {
    throw new GantryError('CLICKHOUSE_CUTOVER_UNCLEAR', `the target's parts of ${move.partition} have changed`);
  }
  await node.attachPartitionFrom(partitionOf(move), stagingOf(move), 'nobody');
}

async function detach(
  { move, source: copied }: Cutover,
  { source }: Sides,
  { signal }: StepContext,
  mustBeQuiet: () => Promise<void>,
): Promise<void> {
  const [node] = source;
  const among = async (one: ClickHouseNode): Promise<boolean> =>
    (await one.parts(move.name, move.partition)).some(({ minBlock }) => minBlock <= copied.maxBlock);
  const deadline = performance.now() + detachMs;
  // Looked at by this very attempt just before: what has been detached, and what came since, is not detached once more.
  while (await among(node)) {
    // Between the attach and this a server may have been restarted, and merges again: they are stopped here once more.
    await stopMergesOn(source, move.name);
    await mustBeUnmerged(source, move, copied, signal);
    await mustBeQuiet();
    try {
      await node.detachPartition(partitionOf(move), 'nobody');
      break;
    } catch (error) {
      // Nothing was done. Totals are wrong meanwhile: after an outage of ZooKeeper the replicas elect one within seconds.
      const leaderless = error instanceof GantryError && error.code === 'CLICKHOUSE_NO_LEADER';
      if (!leaderless || performance.now() > deadline) throw error;
      await wait(electionMs, signal);
    }
  }
  for (const one of source) {
    while (await among(one)) {
      if (performance.now() > deadline) {
        const where = `${one.endpoint.host}:${one.endpoint.port}`;
        throw new GantryError('CLICKHOUSE_REPLICA_BEHIND', `${where} still shows what was detached`);
      }
      await wait(pollEveryMs, signal);
    }
  }
}

/**
 * Merges are stopped, none is under way, and no part holds both rows of the copy and rows that came after it: those would be
 * taken out of sight with the copy, for good.
 * @throws CLICKHOUSE_PARTITION_CHANGES
 */
async function mustBeUnmerged(
  nodes: Sides['source'],
  move: Move,
  copied: Cutover['source'],
  signal: AbortSignal,
): Promise<void> {
  const deadline = performance.now() + mergesEndMs;
  const lists = await Promise.all(
    nodes.map(async (node) => {
      // One that was under way is called off, unless it was about to end: only then do the parts tell.
      for (;;) {
        const running = (await node.merges(move.name)).filter(({ partitionId }) => partitionId === move.partition);
        if (running.length === 0) break;
        if (performance.now() > deadline) return running.map(({ resultPart }) => resultPart);
        await wait(pollEveryMs, signal);
      }
      return mixedParts(await node.parts(move.name, move.partition), copied).map(({ name }) => name);
    }),
  );
  const mixed = [...new Set(lists.flat())].sort();
  if (mixed.length === 0) return;
  const message = `${mixed.join(', ')} of the source has rows of the copy and rows that came after it, merged`;
  throw new GantryError('CLICKHOUSE_PARTITION_CHANGES', message, { evidence: { mixed, copiedUpTo: copied.maxBlock } });
}

function pinned({ source, target }: Sides): { source: ClickHouseNode; target: ClickHouseNode } {
  return { source: source[0], target: target[0] };
}
