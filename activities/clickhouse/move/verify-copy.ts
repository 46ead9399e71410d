import type { Digest } from '../../../src/drivers/clickhouse/index.ts';
import { blocked, defineStep, done } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import type { Manifest, ManifestPart, Move } from '../partition/move.ts';
import { changedMeanwhile } from '../partition/quiesce.ts';
import { hashedParts, sameDigest, stagedPartition, stagingOf, stopMergesOn, withSide } from '../partition/move.ts';
import { caughtUp } from '../staging/caught-up.ts';

/** `last`: there is no other round, so a difference is not put up with. */
type Check = { move: Move; manifest: Manifest; last: boolean };
type Checked = { same: boolean; digests: readonly Digest[]; parts: readonly ManifestPart[] };

/** Reads the copy on every target replica, row by row: the same digest as the source's, from parts of the same hashes. */
export const verifyCopy = defineStep<Check, Checked, ClickHouseDeps>({
  name: 'clickhouse.verify-copy',
  probe: async ({ move, manifest, last }, { clusters }, context) => {
    const access = await clusters(move.cluster);
    return withSide(access, move.target, context, async (nodes) => {
      await stopMergesOn(nodes, stagingOf(move));
      const [first, ...others] = nodes;
      const parts = (await hashedParts(first, stagedPartition(move))).map(({ name, rows, hash }) => ({
        name,
        rows,
        hash,
      }));
      for (const node of others) await caughtUp(node, move, parts, context);
      const digests = await Promise.all(
        nodes.map((node) => node.digest({ ...stagedPartition(move), final: move.final })),
      );
      const same = digests.every((digest) => sameDigest(digest, manifest.digest));
      const seen = { same, digests, parts };
      const rows = digests.map((digest) => digest.rows).join(', ');
      if (same) return done(seen, `${rows} rows on the target's servers, digests as at the source`);
      const summary = `the copy has ${rows} rows, the source had ${manifest.rows}, or other ones`;
      if (!last) return done(seen, summary);
      const changed = await changedMeanwhile(access, move, manifest.quiet, context);
      return changed === undefined
        ? blocked('CLICKHOUSE_COPY_DIFFERS', seen, summary)
        : blocked('CLICKHOUSE_TABLE_CHANGED', seen, `since the manifest: ${changed}`);
    });
  },
});
