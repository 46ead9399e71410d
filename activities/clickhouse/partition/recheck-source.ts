import { blocked, defineStep, done } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import type { Manifest, ManifestPart, Move } from './move.ts';
import { changedMeanwhile, nothingWaits } from './quiesce.ts';
import {
  hashedParts,
  partitionOf,
  sameDigest,
  sameHashes,
  stagedPartition,
  stagingOf,
  stopMergesOn,
  withSide,
} from './move.ts';

/** `parts`: those of the verified copy; without a staging table there is none. `last`: there is no other round. */
type Look = { move: Move; manifest: Manifest; parts: readonly ManifestPart[]; last: boolean };

/** What the source has now, and up to which block number: the highest of a part that is there. */
export type SourceSeen = {
  same: boolean;
  parts: readonly ManifestPart[];
  maxBlock: number;
  /** The last entry of the replication log before that. */
  logEntry: number;
};

/**
 * Whether source and copy are what the manifest says. Parts with the same hashes are the same rows; where a merge made other
 * parts of them, the rows are read again.
 */
export const recheckSource = defineStep<Look, SourceSeen, ClickHouseDeps>({
  name: 'clickhouse.recheck-source',
  probe: async ({ move, manifest, parts: copied, last }, { clusters }, context) => {
    const access = await clusters(move.cluster);
    await nothingWaits(access, move, context);
    const source = await withSide(access, move.source, context, async (nodes) => {
      const partition = partitionOf(move);
      const { to: logEntry } = await nodes[0].arrivals(partition, move.source.zookeeperPath);
      const listed = await Promise.all(nodes.map((node) => hashedParts(node, partition)));
      const maxBlock = Math.max(-1, ...listed.flat().map((part) => part.maxBlock));
      const parts = (listed[0] ?? []).map(({ name, rows, hash }) => ({ name, rows, hash }));
      if (listed.every((list) => sameHashes(list, manifest.parts))) return { same: true, parts, maxBlock, logEntry };
      const agree = listed.every((list) => sameHashes(list, parts));
      const digests = agree
        ? await Promise.all(nodes.map((node) => node.digest({ ...partition, final: move.final })))
        : [];
      return {
        same: agree && digests.every((digest) => sameDigest(digest, manifest.digest)),
        parts,
        maxBlock,
        logEntry,
      };
    });
    const copy =
      !move.staging ||
      (await withSide(access, move.target, context, async (nodes) => {
        await stopMergesOn(nodes, stagingOf(move));
        const lists = await Promise.all(nodes.map((node) => hashedParts(node, stagedPartition(move))));
        return lists.every((list) => sameHashes(list, copied));
      }));
    const changed = await changedMeanwhile(access, move, manifest.quiet, context);
    const seen = { ...source, same: source.same && copy && changed === undefined };
    if (seen.same) return done(seen, `source and copy are as they were, up to block ${seen.maxBlock}`);
    if (changed !== undefined) {
      const words = `since the manifest: ${changed}`;
      return last ? blocked('CLICKHOUSE_TABLE_CHANGED', seen, words) : done(seen, words);
    }
    const summary = source.same ? 'the copy was merged meanwhile' : 'the source has changed since its manifest';
    return last
      ? blocked('CLICKHOUSE_PARTITION_CHANGES', seen, `${summary}, in the last round too`)
      : done(seen, summary);
  },
});
