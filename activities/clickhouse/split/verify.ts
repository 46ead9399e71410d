import { blocked, defineStep, done } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import type { Manifest, ManifestPart } from '../partition/move.ts';
import { changedMeanwhile } from '../partition/quiesce.ts';
import {
  digestSum,
  hashedParts,
  sameDigest,
  stagedPartition,
  stagingOf,
  stopMergesOn,
  withSide,
} from '../partition/move.ts';
import type { Copied, Split, SplitCopies } from './split.ts';
import { ruleOfTable } from './split.ts';
import { caughtUp } from '../staging/caught-up.ts';

/**
 * Reads both copies on every replica, row by row: together they are the partition, digest and all, and each has only rows of
 * its own buckets.
 */
export const verifySplit = defineStep<{ split: Split; manifest: Manifest }, SplitCopies, ClickHouseDeps>({
  name: 'clickhouse.verify-split',
  probe: async ({ split, manifest }, { clusters }, context) => {
    const access = await clusters(split.go.cluster);
    const rule = ruleOfTable(access, split.go);
    const among = new Set(split.buckets);
    const wrong: string[] = [];
    const read = async (which: 'go' | 'stay'): Promise<Copied> => {
      const move = split[which];
      return withSide(access, move.target, context, async (nodes) => {
        await stopMergesOn(nodes, stagingOf(move));
        const parts = (await hashedParts(nodes[0], stagedPartition(move))).map(
          ({ name, rows, hash }): ManifestPart => ({ name, rows, hash }),
        );
        for (const node of nodes.slice(1)) await caughtUp(node, move, parts, context);
        const digests = await Promise.all(
          nodes.map((node) => node.digest({ ...stagedPartition(move), final: move.final })),
        );
        const [digest] = digests;
        if (!digest) throw new TypeError('a side has a server');
        if (digests.some((other) => !sameDigest(other, digest))) wrong.push(`replicas of ${move.staging} differ`);
        if (new Set(parts.map(({ hash }) => hash)).size < parts.length)
          wrong.push(`${move.staging} has identical parts`);
        const strays = (await nodes[0].bucketRows(stagingOf(move), rule)).filter(
          ({ bucket }) => among.has(bucket) !== (which === 'go'),
        );
        if (strays.length > 0) wrong.push(`${move.staging} has rows of bucket ${strays[0]?.bucket}`);
        return { parts, digest };
      });
    };
    const seen = { go: await read('go'), stay: await read('stay') };
    const { rows } = digestSum(seen.go.digest, seen.stay.digest);
    if (!sameDigest(digestSum(seen.go.digest, seen.stay.digest), manifest.digest))
      wrong.push(`the copies have ${rows} rows, the source had ${manifest.rows}, or other ones`);
    if (seen.go.digest.rows === 0) wrong.push('no row goes');
    const changed = wrong.length > 0 ? await changedMeanwhile(access, split.go, manifest.quiet, context) : undefined;
    if (changed !== undefined) return blocked('CLICKHOUSE_TABLE_CHANGED', seen, `since the manifest: ${changed}`);
    if (wrong.length > 0) return blocked('CLICKHOUSE_COPY_DIFFERS', seen, wrong.join('; '));
    return done(seen, `${seen.go.digest.rows} rows go, ${seen.stay.digest.rows} stay, as at the source`);
  },
});
