import type { Digest } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { ClickHouseMoveData } from '../../../src/planning/clickhouse/index.ts';
import { defineStep, done } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { hashedParts, partitionOf, sameDigest, stopMergesOn, withSide } from './move.ts';

/** What the target has of the partition by itself, before anything is attached there. */
export type TargetSeen = { digest: Digest; parts: readonly string[] };

/** The target's own rows of the partition: by their parts one tells afterwards what came. */
export const readTarget = defineStep<ClickHouseMoveData, TargetSeen, ClickHouseDeps>({
  name: 'clickhouse.read-target',
  probe: async (data, { clusters }, context) =>
    withSide(await clusters(data.cluster), data.target, context, async (nodes) => {
      await stopMergesOn(nodes, data.name);
      const partition = partitionOf(data);
      const parts = (await hashedParts(nodes[0], partition)).map(({ name }) => name);
      const digests = await Promise.all(nodes.map((node) => node.digest({ ...partition, final: data.final })));
      const [digest, ...others] = digests;
      if (!digest) throw new TypeError('a side has a server');
      if (others.some((other) => !sameDigest(other, digest))) {
        const message = `the target's servers show different rows of ${data.partition}`;
        throw new GantryError('CLICKHOUSE_REPLICAS_DIFFER', message, { evidence: { digests } });
      }
      return done({ digest, parts }, `${digest.rows} rows of its own in ${parts.length} parts`);
    }),
});
