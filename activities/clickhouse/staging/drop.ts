import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import type { Move } from '../partition/move.ts';
import { serversOfSide, stagingOf, withSide } from '../partition/move.ts';

/** The staging table goes, with whatever is still detached in it: it is this run's alone. */
export const dropStaging = defineStep<Move, { left: readonly string[] }, ClickHouseDeps>({
  name: 'clickhouse.drop-staging',
  probe: async (move, { clusters }, context) =>
    withSide(await clusters(move.cluster), move.target, context, async (nodes) => {
      const tables = await Promise.all(nodes.map((node) => node.table(stagingOf(move))));
      const left = serversOfSide(move.target).filter((_, index) => tables[index]);
      if (left.length === 0) return done({ left }, `${move.staging} is gone`);
      return todo({ left }, `${move.staging} is on ${left.join(', ')}`);
    }),
  apply: async (move, _seen, { clusters }, context) =>
    withSide(await clusters(move.cluster), move.target, context, async (nodes) => {
      for (const node of nodes) await node.dropTable(stagingOf(move));
    }),
});
