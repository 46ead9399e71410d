import type { ClickHouseNode } from '../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { StepContext } from '../../src/steps/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../src/steps/index.ts';
import type { ClickHouseDeps } from './access.ts';
import { asStep, withServers } from './access.ts';
import type { Cutover, CutoverSeen } from './cut-over-look.ts';
import { lookAtSourceOf, lookAtTargetOf } from './cut-over-look.ts';
import { giveBack } from './cut-over-back.ts';
import type { Move } from './move.ts';
import {
  hashedParts,
  partitionOf,
  sameHashes,
  serversOfSide,
  stagedPartition,
  stagingOf,
  stopMergesOn,
} from './move.ts';
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
        return blocked('CLICKHOUSE_CUTOVER_UNCLEAR', seen, `is the copy attached? ${summary}`);
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
      return todo(seen, summary, { begun: seen.attached === 'yes' });
    }),
  apply: async (cutover, _seen, deps, context) =>
    withSides(cutover.move, deps, context, async (sides) => {
      const { move } = cutover;
      const startedAt = performance.now();
      await stopMergesOn([...sides.target, ...sides.source], move.name);
      if (cutover.from === 'staging') await stopMergesOn(sides.target, stagingOf(move));
      // What a connection asks once must not fall between the two statements.
      await Promise.all([...sides.target, ...sides.source].map((node) => node.parts(move.name, move.partition)));
      const seen = await look(cutover, sides);
      const attachAt = performance.now();
      if (seen.attached === 'no') await attach(cutover, sides);
      const attachedAt = performance.now();
      await shownOnAll(sides.target, cutover, siblingMs[cutover.from], context);
      const shownAt = performance.now();
      await detach(cutover, sides, context);
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
  use: (sides: Sides) => Promise<T>,
): Promise<T> {
  const names = [...serversOfSide(target), ...serversOfSide(source)];
  const at = serversOfSide(target).length;
  return (async () =>
    withServers(
      await clusters(cluster),
      names,
      (nodes) => {
        const [target0, ...targets] = nodes.slice(0, at);
        const [source0, ...sources] = nodes.slice(at);
        if (!target0 || !source0) throw new TypeError('each side has a server');
        return use({ target: [target0, ...targets], source: [source0, ...sources] });
      },
      { ...asStep(context), freshMs },
    ))();
}

async function look(cutover: Cutover, { target, source }: Sides): Promise<CutoverSeen> {
  const [at, from] = await Promise.all([lookAtTargetOf(target[0], cutover), lookAtSourceOf(source[0], cutover)]);
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

async function detach({ move, source: copied }: Cutover, { source }: Sides, { signal }: StepContext): Promise<void> {
  const [node] = source;
  const among = async (one: ClickHouseNode): Promise<boolean> =>
    (await one.parts(move.name, move.partition)).some(({ minBlock }) => minBlock <= copied.maxBlock);
  const deadline = performance.now() + detachMs;
  // Looked at by this very attempt just before: what has been detached, and what came since, is not detached once more.
  while (await among(node)) {
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
