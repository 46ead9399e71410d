import type { ClickHouseNode, Digest } from '../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../src/errors/index.ts';
import type { StepContext } from '../../src/steps/index.ts';
import { blocked, defineStep, done, wait } from '../../src/steps/index.ts';
import type { ClickHouseDeps } from './access.ts';
import type { Manifest, ManifestPart, Move } from './move.ts';
import { hashedParts, sameDigest, sameHashes, stagedPartition, stagingOf, stopMergesOn, withSide } from './move.ts';

/** `last`: there is no other round, so a difference is not put up with. */
type Check = { move: Move; manifest: Manifest; last: boolean };
type Checked = { same: boolean; digests: readonly Digest[]; parts: readonly ManifestPart[] };

const lookEveryMs = 100;
/** How long a replica may take to fetch the copy from the other one. */
const catchUpMs = 30 * 60_000;

/** Reads the copy on every target replica, row by row: the same digest as the source's, from parts of the same hashes. */
export const verifyCopy = defineStep<Check, Checked, ClickHouseDeps>({
  name: 'clickhouse.verify-copy',
  probe: async ({ move, manifest, last }, { clusters }, context) =>
    withSide(await clusters(move.cluster), move.target, context, async (nodes) => {
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
      return last ? blocked('CLICKHOUSE_COPY_DIFFERS', seen, summary) : done(seen, summary);
    }),
});

/** Waits until a replica's staging table has these parts. @throws CLICKHOUSE_REPLICA_BEHIND */
export async function caughtUp(
  node: ClickHouseNode,
  move: Move,
  wanted: readonly ManifestPart[],
  { signal }: StepContext,
): Promise<void> {
  const deadline = performance.now() + catchUpMs;
  while (!sameHashes(await hashedParts(node, stagedPartition(move)), wanted)) {
    if (performance.now() > deadline) {
      const where = `${node.endpoint.host}:${node.endpoint.port}`;
      throw new GantryError('CLICKHOUSE_REPLICA_BEHIND', `${where} has not fetched ${move.staging} from its sibling`);
    }
    await wait(lookEveryMs, signal);
  }
}
