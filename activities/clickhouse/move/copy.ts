import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseClusterAccess, ClickHouseDeps } from '../access/access.ts';
import { earlierEnded } from '../access/earlier-ended.ts';
import { tellingProgress } from './copy-progress.ts';
import { createStaging } from '../staging/make.ts';
import type { Manifest, Move } from '../partition/move.ts';
import { hashedParts, sameHashes, stagedPartition, stagingOf, stopMergesOn, withSide } from '../partition/move.ts';

type Copy = { move: Move; manifest: Manifest };
type Copied = { parts: number; rows: number; asManifest: boolean };

/** Fetched whole by this attempt: a copy of a source that changed since is whole too, and another one than the manifest. */
const fetched = new WeakSet<StepContext>();

/**
 * Fetches the partition into the staging table, on one server, and attaches it there. A fetch that was cut short (a full
 * disk, a dead worker) can't be told from a whole one by looking at `detached` (18.16): what lies there counts only once it
 * is attached and has the manifest's hashes, else the staging table is dropped and made again.
 */
export const copyPartition = defineStep<Copy, Copied, ClickHouseDeps>({
  name: 'clickhouse.copy',
  settleMs: 0,
  probe: async ({ move, manifest }, { clusters }, context) =>
    withSide(await clusters(move.cluster), move.target, context, async ([node]) => {
      const seen = await look(node, move, manifest);
      if (seen.asManifest) return done(seen, `${seen.rows} rows in ${seen.parts} parts, the manifest's hashes`);
      if (fetched.has(context))
        return done(seen, `${seen.rows} rows in ${seen.parts} parts, other ones than the manifest's`);
      return todo(seen, `${seen.rows} of ${manifest.rows} rows`);
    }),
  apply: async ({ move, manifest }, _seen, { clusters, log }, context) =>
    withSide(await clusters(move.cluster), move.target, context, async (nodes) => {
      const [node] = nodes;
      await earlierEnded(node, context);
      await stopMergesOn(nodes, stagingOf(move));
      const staged = stagedPartition(move);
      if (await node.hasDetached(staged)) await node.attachPartition(staged);
      const found = await look(node, move, manifest);
      if (found.asManifest) return;
      if (found.parts > 0) await startOver(await clusters(move.cluster), nodes, move);
      const fetch = () => node.fetchPartition(staged, move.source.zookeeperPath);
      const startedAt = performance.now();
      await tellingProgress(node, stagingOf(move), manifest.bytes, context, fetch);
      const ms = performance.now() - startedAt;
      context.measure('fetchMs', ms);
      context.measure('fetchedBytes', manifest.bytes);
      await node.attachPartition(staged);
      fetched.add(context);
      log.info({ table: move.table, partition: move.partition, bytes: manifest.bytes, ms }, 'partition fetched');
    }),
});

async function look(node: ClickHouseNode, move: Move, manifest: Manifest): Promise<Copied> {
  const parts = await hashedParts(node, stagedPartition(move));
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  return { parts: parts.length, rows, asManifest: sameHashes(parts, manifest.parts) };
}

async function startOver(access: ClickHouseClusterAccess, nodes: readonly ClickHouseNode[], move: Move): Promise<void> {
  for (const node of nodes) await node.dropTable(stagingOf(move));
  await createStaging(access, nodes, move);
  await stopMergesOn(nodes, stagingOf(move));
}
