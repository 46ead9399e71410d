import type { ClickHouseNode, Digest } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ClickHouseMoveData } from '../../../src/planning/clickhouse/index.ts';
import { maxParts } from '../../../src/planning/clickhouse/index.ts';
import { blocked, defineStep, done } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import type { Manifest } from './move.ts';
import type { QuietMark } from './move.ts';
import { settledMark } from './quiesce.ts';
import { hashedParts, partitionOf, sameDigest, serversOfSide, withSide } from './move.ts';

/** `wanted`: what it must be, for the undo of a move. */
type Asked = ClickHouseMoveData & { wanted?: Digest };

/**
 * What the source has of the partition: its parts with their hashes, and a digest of every row that is the same on each of
 * its replicas, once no mutation is under way and nothing waits to be written on either shard. It reads the partition once on
 * each of them and changes nothing.
 */
export const takeManifest = defineStep<Asked, Manifest, ClickHouseDeps>({
  name: 'clickhouse.take-manifest',
  probe: async (data, { clusters }, context) => {
    const access = await clusters(data.cluster);
    // First: what comes while the rows are read is found by the next look.
    const quiet = await settledMark(access, data, context);
    return withSide(access, data.source, context, async (nodes) => {
      const [first, ...others] = await Promise.all(nodes.map((node) => ofServer(node, data, quiet)));
      if (!first) throw new TypeError('a side has a server');
      const differing = others.findIndex(({ digest }) => !sameDigest(digest, first.digest));
      if (differing >= 0) {
        const names = serversOfSide(data.source);
        const message = `${names[differing + 1]} shows other rows of ${data.partition} than ${names[0]}`;
        const digests = [first, ...others].map(({ digest }, index) => ({ server: names[index], ...digest }));
        throw new GantryError('CLICKHOUSE_REPLICAS_DIFFER', message, { evidence: { digests } });
      }
      const { rows } = first.digest;
      const { parts } = first;
      if (data.wanted && !sameDigest(first.digest, data.wanted)) {
        const summary = `${rows} rows, not the ${data.wanted.rows} that were moved, or other ones`;
        return blocked('CLICKHOUSE_UNDO_UNSAFE', { ...first, parts: [] }, summary);
      }
      if (rows === 0) return blocked('CLICKHOUSE_PARTITION_UNKNOWN', first, `the source has no row of it`);
      if (parts.length > maxParts) {
        return blocked('CLICKHOUSE_MERGE_FIRST', { ...first, parts: [] }, `${parts.length} parts; at most ${maxParts}`);
      }
      // They would make one entry of ZooKeeper twice: "Node exists", and nothing is attached (ClickHouse#37737).
      if (new Set(parts.map(({ hash }) => hash)).size < parts.length) {
        return blocked('CLICKHOUSE_MERGE_FIRST', first, 'two of its parts are identical');
      }
      return done(first, `${rows} rows in ${parts.length} parts, equal on ${nodes.length} servers`);
    });
  },
});

async function ofServer(node: ClickHouseNode, data: ClickHouseMoveData, quiet: QuietMark): Promise<Manifest> {
  const partition = partitionOf(data);
  const parts = await hashedParts(node, partition);
  const digest = await node.digest({ ...partition, final: data.final });
  const bytes = (await node.parts(data.name, data.partition)).reduce((sum, part) => sum + part.bytes, 0);
  return {
    rows: digest.rows,
    bytes,
    digest,
    parts: parts.map(({ name, rows, hash }) => ({ name, rows, hash })),
    quiet,
  };
}
