import type { RestorePart } from '../../../src/runs/index.ts';
import { defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RecoveryDeps } from './access.ts';
import { asAttempt, asStep, stagingDatabase, withTables } from './access.ts';
import type { PartInput } from './fill-staging.ts';
import { emptyIfOurs, holdsOurs, replidOf, snapshotOf } from './fill-staging.ts';

export type Cleared = { left: readonly string[] };
export type ClearInput = Omit<PartInput, 'part'> & { parts: readonly RestorePart[] };

/** Removes from staging what this restore put there, and nothing else. */
export const clearStaging = defineStep<ClearInput, Cleared, RecoveryDeps>({
  name: 'archive.clear-staging',
  settleMs: 0,
  probe: async (input, deps, context) => {
    const access = await deps.recovery(input.archive);
    const left: string[] = [];
    const shards = shardsOf(input.parts);
    if (shards.length > 0) {
      await withTables(access.staging(asStep(context)), async (server) => {
        for (const shard of shards) {
          const database = stagingDatabase(input.name, shard);
          if ((await server.tablesIn(database)).length > 0) left.push(database);
        }
      });
    }
    for (const part of input.parts) {
      if (part.kind !== 'redis') continue;
      const target = await access.stagingRedis(asAttempt(context));
      try {
        const ours = await holdsOurs(target, replidOf(await snapshotOf({ ...input, part }, deps), context));
        if (ours && (await target.keys()) > 0) left.push(`the keys of ${part.group}`);
      } finally {
        target.close();
      }
    }
    return left.length === 0 ? done({ left }, 'staging is clear') : todo({ left }, `staging holds ${left.join(', ')}`);
  },
  apply: async (input, _seen, deps, context) => {
    const access = await deps.recovery(input.archive);
    const shards = shardsOf(input.parts);
    if (shards.length > 0) {
      await withTables(access.staging(asStep(context)), async (server) => {
        for (const shard of shards) await server.dropDatabase(stagingDatabase(input.name, shard));
      });
    }
    for (const part of input.parts) {
      if (part.kind !== 'redis') continue;
      const target = await access.stagingRedis(asAttempt(context));
      try {
        const replid = replidOf(await snapshotOf({ ...input, part }, deps), context);
        if (await holdsOurs(target, replid)) await emptyIfOurs(target, replid);
      } finally {
        target.close();
      }
    }
  },
});

function shardsOf(parts: readonly RestorePart[]): readonly number[] {
  return [...new Set(parts.flatMap((part) => (part.kind === 'clickhouse' ? part.shards : [])))].sort((a, b) => a - b);
}
