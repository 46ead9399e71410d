import type { ClickHouseNode, PartitionName } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, wait } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import type { Cutover } from './read.ts';
import type { Move } from '../partition/move.ts';
import { partitionOf, withSide } from '../partition/move.ts';

/** `late`: names of parts that the detach took although they are not in the copy; `since`: as of this look. */
export type LateRows = { late: readonly string[]; since: LogMark; upTo: number };

/** The last entry of the replication log, and how many block numbers the partition had given away. */
export type LogMark = { entry: number; given: number };

/** More than this is no late rows, but writers that nobody holds. */
const maxLate = 1_000;
const pollEveryMs = 20;
const settleMs = 30_000;

/**
 * What the detach took beyond the copy. It covers all block numbers that were given away before it, and says so in the
 * replication log: a number above the last one that the copy has is a part of rows that were acknowledged in between (or an
 * insert that failed), and so is one below it that no part of the copy covers, of an insert that ended only then. Which of the
 * source's servers has it in `detached` differs.
 */
export const findLateRows = defineStep<Cutover, LateRows, ClickHouseDeps>({
  name: 'clickhouse.find-late-rows',
  probe: async ({ move, source }, { clusters }, context) =>
    withSide(await clusters(move.cluster), move.source, context, async (nodes) => {
      const [node] = nodes;
      await settled(nodes, move, context);
      const partition = partitionOf(move);
      const ranges = (await node.dropRanges(partition, move.source.zookeeperPath)).filter(
        ({ kind }) => kind === 'detach',
      );
      const last = ranges.at(-1);
      // Once the log has been cleaned, the numbers that were given away say as much, and a little more.
      const since = await logMark(node, move);
      const upTo = last?.max ?? since.given - 1;
      await noneOpen(node, partition, move.source.zookeeperPath, upTo, context);
      // What has ended meanwhile is to be seen too, if it is to be seen at all.
      await settled(nodes, move, context);
      const { parts: arrivals } = await node.arrivals(partition, move.source.zookeeperPath);
      const copied = source.parts.map(({ name }) => blocksOfPart(name));
      const between = arrivals
        .filter(({ entry, part }) => {
          const { min, max } = blocksOfPart(part);
          const inCopy = copied.some((of) => of.min <= min && max <= of.max);
          return entry > source.logEntry && max <= source.maxBlock && !inCopy;
        })
        .map(({ part }) => part);
      const visible = new Set((await node.parts(move.name, move.partition)).map(({ name }) => name));
      const numbers = Array.from({ length: Math.max(0, Math.min(upTo - source.maxBlock, maxLate + 1)) });
      const above = numbers
        .map((_, index) => source.maxBlock + 1 + index)
        .map((number) => `${move.partition}_${number}_${number}_0`);
      const late = [...between, ...above].filter((name) => !visible.has(name));
      const seen = { late, since, upTo };
      if (late.length > maxLate) {
        return blocked('CLICKHOUSE_PARTITION_CHANGES', { ...seen, late: [] }, `more than ${maxLate} blocks came late`);
      }
      if (late.length === 0) return done(seen, `the detach ended at block ${upTo}: nothing came late`);
      if (move.detachedBefore) {
        const attached = await attachedAfter(node, move, upTo);
        if (attached >= late.length) return done({ ...seen, late: [] }, `${attached} late parts were attached by hand`);
        // By a name that lay there before, rows of then would come twice and those of now not at all.
        const names = late.slice(0, 3).join(', ');
        const summary = `${late.length} blocks came late (${names}${late.length > 3 ? ', …' : ''}), and \`detached\` already had parts before: attach by hand those that this detach added, each on one server, then \`gantry retry\`; or \`gantry skip\` once all are visible`;
        return blocked('CLICKHOUSE_ALREADY_DETACHED', seen, summary);
      }
      return done(seen, `${late.length} blocks up to ${upTo} came after the last look`);
    }),
});

/** Attaches above the last block that was detached, as far back as the replication log goes. */
async function attachedAfter(node: ClickHouseNode, move: Move, upTo: number): Promise<number> {
  const { parts } = await node.arrivals(partitionOf(move), move.source.zookeeperPath);
  return parts.filter(({ part, block }) => block === '' && blockOf(part) > upTo).length;
}

function blockOf(part: string): number {
  return blocksOfPart(part).min;
}

/** The block numbers that a part's name says: `20260101_3_9_2`, `20260101_3_9_2_11` once it was mutated. */
export function blocksOfPart(part: string): { min: number; max: number } {
  const [, min = -1, max = -1] = /_(\d+)_(\d+)_\d+(?:_\d+)?$/.exec(part) ?? [];
  return { min: Number(min), max: Number(max) };
}

/**
 * Waits until every number up to this one has come to something or to nothing: until then an insert may still become a part,
 * and a mutation that took its number may not be listed yet. @throws CLICKHOUSE_REPLICA_BEHIND
 */
export async function noneOpen(
  node: ClickHouseNode,
  partition: PartitionName,
  zookeeperPath: string,
  upTo: number,
  { signal }: StepContext,
): Promise<void> {
  const deadline = performance.now() + settleMs;
  for (;;) {
    const open = (await node.openBlocks(partition, zookeeperPath)).filter((number) => number <= upTo);
    if (open.length === 0) return;
    if (performance.now() > deadline) {
      const message = `an insert or a mutation holds block ${open.join(', ')} of ${partition.partitionId} and does not end`;
      throw new GantryError('CLICKHOUSE_REPLICA_BEHIND', message);
    }
    await wait(pollEveryMs, signal);
  }
}

/** Where the partition and the log stand. The numbers first: what comes between the two reads must not seem older than them. */
async function logMark(node: ClickHouseNode, move: Move): Promise<LogMark> {
  const { given } = await node.blockNumbers(partitionOf(move), move.source.zookeeperPath);
  return { entry: (await node.arrivals(partitionOf(move), move.source.zookeeperPath)).to, given };
}

/**
 * `parts`: what came to the partition without the hash of a block since a mark: attaches, and inserts that ask for no
 * deduplication, as those do that a materialized view makes. `unknown`: nobody can tell any more. `now`: the next mark.
 */
export type CameSince = { parts: readonly string[]; unknown: boolean; now: LogMark };

/**
 * The replication log tells attaches, which have no hash of a block, from most inserts, which have one. It forgets old entries,
 * so it is asked for those after a mark only; where it has forgotten some of these, the partition's block numbers tell whether
 * anything came at all.
 */
export async function cameSince(node: ClickHouseNode, move: Move, since: LogMark): Promise<CameSince> {
  const { given } = await node.blockNumbers(partitionOf(move), move.source.zookeeperPath);
  const { from, to, parts } = await node.arrivals(partitionOf(move), move.source.zookeeperPath);
  const came = parts.filter(({ entry, block }) => block === '' && entry > since.entry).map(({ part }) => part);
  const unknown = from > since.entry + 1 && given > since.given;
  return { parts: came, unknown, now: { entry: to, given } };
}

/** Each of the source's servers has carried out all that was in the log. */
async function settled(nodes: readonly ClickHouseNode[], { name }: Move, { signal }: StepContext): Promise<void> {
  const deadline = performance.now() + settleMs;
  for (const node of nodes) {
    while (!(await node.caughtUp(name))) {
      if (performance.now() > deadline) {
        const where = `${node.endpoint.host}:${node.endpoint.port}`;
        throw new GantryError('CLICKHOUSE_REPLICA_BEHIND', `${where} has not carried out the detach`);
      }
      await wait(pollEveryMs, signal);
    }
  }
}
