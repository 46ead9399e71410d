import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { asStep, withThoseThatAnswer } from '../access/access.ts';
import type { Cutover } from '../cutover/read.ts';
import { readTargetOf } from '../cutover/read.ts';
import type { Move } from '../partition/move.ts';
import {
  hashedParts,
  partitionOf,
  sameDigest,
  sameHashes,
  serversOfSide,
  stagedPartition,
  stagingOf,
  stopMergesOn,
} from '../partition/move.ts';
import { shownOnAll } from '../cutover/shown.ts';
import type { Copied } from './split.ts';

/** `stay`: the rows that the source keeps, verified; `maxBlock`: of what was copied. */
export type GiveBack = { stay: Move; copy: Copied; maxBlock: number };
export type GivenBack = { attached: 'no' | 'yes' | 'unclear'; detached: boolean; rows: number };

const shownMs = 10_000;
/** As in the cutover: a statement follows the look that justifies it. */
const freshMs = 900;

/**
 * The source attaches the rows that stay, right after it has detached the partition: until then a reader misses them. Which of
 * it is done, the parts show; it is never sent twice what has taken effect.
 */
export const giveOwnBack = defineStep<GiveBack, GivenBack, ClickHouseDeps>({
  name: 'clickhouse.give-own-back',
  settleMs: 2_000,
  probe: (given, { clusters }, context) =>
    onSource(clusters, given, context, async ([node]): Promise<Probe<GivenBack>> => {
      const seen = await look(node, given);
      const { partition } = given.stay;
      if (seen.attached === 'unclear')
        return blocked('CLICKHOUSE_CUTOVER_UNCLEAR', seen, `some of the rows of ${partition} that stay are there`);
      if (seen.attached === 'yes') return done(seen, `${seen.rows} rows of ${partition} are on the source`);
      return todo(seen, `${given.copy.digest.rows} rows of ${partition} are to stay`, { begun: seen.detached });
    }),
  apply: (given, _seen, { clusters }, context) =>
    onSource(clusters, given, context, async (nodes) => {
      const { stay } = given;
      const [node] = nodes;
      const startedAt = performance.now();
      await stopMergesOn(nodes, stay.name);
      await stopMergesOn(nodes, stagingOf(stay));
      const seen = await look(node, given);
      if (!seen.detached || seen.attached === 'unclear') {
        throw new GantryError('CLICKHOUSE_CUTOVER_UNCLEAR', `the source still has ${stay.partition}, or a part of it`);
      }
      if (seen.attached === 'no') {
        await mustBeVerified(node, given);
        await node.attachPartitionFrom(partitionOf(stay), stagingOf(stay), 'nobody');
      }
      await shownOnAll(nodes, asCutover(given), shownMs, context);
      context.measure('attachMs', performance.now() - startedAt);
    }),
  undo: (given, _before, { clusters }, context) =>
    onSource(clusters, given, context, async ([node]) => {
      const { attached } = await look(node, given);
      if (attached === 'no') return;
      const message = `the source has the rows of ${given.stay.partition} that stay: what it detached must not come back`;
      throw new GantryError('UNDO_FAILED', message, { evidence: { attached } });
    }),
});

/** A server that was restarted since has merged parts, perhaps: the same rows, which nobody sees until they are attached. */
async function mustBeVerified(node: ClickHouseNode, { stay, copy }: GiveBack): Promise<void> {
  if (sameHashes(await hashedParts(node, stagedPartition(stay)), copy.parts)) return;
  if (sameDigest(await node.digest({ ...stagedPartition(stay), final: stay.final }), copy.digest)) return;
  throw new GantryError('CLICKHOUSE_PARTITION_CHANGES', `${stay.staging} is not what was verified`);
}

/**
 * The stay copy's target is the source's own shard. A sibling that is down gets the rows from the log when it is back: until
 * they are attached nobody sees them.
 */
async function onSource<T>(
  clusters: (name: string) => ClickHouseClusterAccess | Promise<ClickHouseClusterAccess>,
  { stay }: GiveBack,
  context: StepContext,
  use: (nodes: readonly [ClickHouseNode, ...ClickHouseNode[]]) => Promise<T>,
): Promise<T> {
  const access = await clusters(stay.cluster);
  return withThoseThatAnswer(access, serversOfSide(stay.target), use, { ...asStep(context), freshMs });
}

const none = { rows: 0, sum: '0', xor: '0' };

function asCutover({ stay, copy }: GiveBack): Omit<Cutover, 'source' | 'quiet'> {
  return { move: stay, copy: copy.parts, digest: copy.digest, own: { parts: [], digest: none }, from: 'staging' };
}

/**
 * Parts above the last block that was copied have come since: those that stay, and late rows. Before the detach it is not
 * attached; afterwards the source is what a cutover's target is, with no row of its own: merged parts are told by their rows.
 */
async function look(node: ClickHouseNode, { stay, copy, maxBlock }: GiveBack): Promise<GivenBack> {
  const now = await node.parts(stay.name, stay.partition);
  const rows = now.reduce((sum, part) => sum + part.rows, 0);
  if (!now.every(({ minBlock }) => minBlock > maxBlock)) return { attached: 'no', detached: false, rows };
  const { attached } = await readTargetOf(node, asCutover({ stay, copy, maxBlock }));
  return { attached, detached: true, rows };
}
