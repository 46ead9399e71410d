import type { ClickHouseNode, Digest } from '../../../src/drivers/clickhouse/index.ts';
import type { MovedBlocks } from '../../../src/runs/index.ts';
import { blocked, defineStep, done } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { tableOf } from '../access/access.ts';
import type { Cutover } from './read.ts';
import { hasAllMoved } from './read.ts';
import type { MoveRecord } from './record.ts';
import type { MutationsSince } from './missed-mutations.ts';
import { mutationsSince } from './missed-mutations.ts';
import { digestSum, hashedParts, partitionOf, sameDigest, serversOfSide, withSide } from '../partition/move.ts';

/** `kept`: what the source's servers keep in `detached`, for undo-move and to be removed on the host afterwards. */
export type Proof = {
  target: readonly Digest[];
  sourceRows: number;
  moved: Digest;
  exact: boolean;
  kept: { until: string; on: readonly { server: string; folder: string; parts: string }[] };
  /** For the undo. */
  record: MoveRecord;
  mutations: MutationsSince;
};

/**
 * `lateRows`: of the source, brought back into sight. `blocks`: where the attach put the moved ones. `upTo`: the last block number
 * of what the source gave away or took back; `again`: it attached rows after the detach.
 */
type Given = Cutover & { lateRows: number; blocks?: MovedBlocks; upTo?: number; again?: boolean };

/**
 * Reads the partition once more at the target, row by row: its own rows and the moved ones, no other. Rows that have come
 * since the writers go on are beyond the proof: they show as more rows, and the copy has been proven part by part before. A
 * mutation that came in the middle of the cutover and should have rewritten what was moved is named: it is lost for these rows.
 */
export const proveMove = defineStep<Given, Proof, ClickHouseDeps>({
  name: 'clickhouse.prove-move',
  settleMs: 0,
  probe: async (given, { clusters }, context) => {
    const { move, own, digest: moved, lateRows, blocks } = given;
    const access = await clusters(move.cluster);
    const partition = partitionOf(move);
    const wanted = digestSum(own.digest, moved);
    const target = await withSide(access, move.target, context, (nodes) =>
      Promise.all(nodes.map((node) => node.digest({ ...partition, final: move.final }))),
    );
    const mutations = await mutationsSince(access, given, context);
    const { sourceRows, folders, still, clockMs } = await withSide(access, move.source, context, async (nodes) => ({
      clockMs: await nodes[0].clock(),
      sourceRows: (await nodes[0].parts(move.name, move.partition)).reduce((sum, { rows }) => sum + rows, 0),
      folders: await Promise.all(nodes.map(async (node) => (await node.table(move.name))?.dataPath ?? [])),
      still: await Promise.all(nodes.map((node) => stillShown(node, given))),
    }));
    const on = serversOfSide(move.source).flatMap((server, index) =>
      (folders[index] ?? []).map((path) => ({ server, folder: `${path}detached`, parts: `${move.partition}_*` })),
    );
    const until = new Date(clockMs + tableOf(access, move.table).retainMs).toISOString();
    const exact = target.every((digest) => sameDigest(digest, wanted));
    const { source, target: to, final, wayBack } = move;
    // As the source gave them away: a merge during the copy made other parts of the same rows.
    const { parts } = given.source;
    const record = { source, target: to, final, wayBack, digest: moved, parts, ...(blocks ? { blocks } : {}) };
    const seen = { target, sourceRows, moved, exact, kept: { until, on }, record, mutations };
    const rows = target.map((digest) => digest.rows).join(', ');
    if (still.some(Boolean)) {
      return blocked('CLICKHOUSE_COPY_DIFFERS', seen, `the source still shows what was moved: its rows count twice`);
    }
    if (mutations.missed.length > 0) {
      const words = mutations.missed.join('; ');
      const summary = `a change came in the middle of the cutover and did not rewrite the moved rows: ${words}`;
      return blocked('CLICKHOUSE_MUTATION_MISSED', seen, summary);
    }
    if (exact) return done(seen, `the target's servers have ${rows} rows, as they must; the source ${sourceRows}`);
    if (mutations.later.length > 0) {
      const words = mutations.later.join('; ');
      return done(seen, `${rows} rows; what was attached was proven part by part, and is rewritten since by ${words}`);
    }
    if (target.some((digest) => digest.rows < wanted.rows) || sourceRows < lateRows) {
      return blocked('CLICKHOUSE_COPY_DIFFERS', seen, `the target has ${rows} rows, and ${wanted.rows} must be there`);
    }
    if (target.every((digest) => digest.rows > wanted.rows)) {
      return done(seen, `${rows} rows: more than the ${wanted.rows} that were proven part by part, rows came since`);
    }
    return blocked(
      'CLICKHOUSE_COPY_DIFFERS',
      seen,
      `the target's servers differ from what was moved, or from each other`,
    );
  },
});

/** Whether a source server shows all that was moved: not given away, or back. Of a split some may stay, in parts that are alike. */
async function stillShown(node: ClickHouseNode, given: Given): Promise<boolean> {
  const { move, source } = given;
  const now = await hashedParts(node, partitionOf(move));
  if (now.some(({ minBlock }) => minBlock <= source.maxBlock)) return true;
  return source.parts.length > 0 && hasAllMoved(now, given);
}
