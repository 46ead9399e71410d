import { totalDiffers, totalsInWords, withTotal } from '../../../src/planning/archive/recovery/index.ts';
import type { ComparedTotal, PromotionData } from '../../../src/runs/index.ts';
import type { Probe } from '../../../src/steps/index.ts';
import { blocked, defineStep, done } from '../../../src/steps/index.ts';
import type { RecoveryDeps } from './access.ts';
import { asAttempt, asStep, stagedTable, withTables } from './access.ts';
import type { PartInput } from './fill-staging.ts';
import { replidOf, snapshotOf } from './fill-staging.ts';
import { isPartition, rowsDiffer, sameRows } from './fill-table.ts';
import { isOf, objectsOf } from './objects.ts';

export type Verified = PromotionData['verified'][number] & {
  partitions: number;
  /** Of the partitions, those whose digest the backup has; of the others the number of rows was compared. */
  digested: number;
  /** Of the partitions, those that have no totals: none were declared, or they took rows while they were backed up. */
  withoutTotals: number;
  faults: readonly string[];
};

const shown = 10;

/**
 * Compares what staging holds with the manifest, partition by partition, by digests and business totals that the server makes; then reads every column
 * of every row, so that the server checks the checksum of each block (`count()` reads none of them). It changes nothing.
 */
export const verifyStaging = defineStep<PartInput, Verified, RecoveryDeps>({
  name: 'archive.verify-staging',
  probe: async (input, deps, context) => {
    const access = await deps.recovery(input.archive);
    const { part } = input;
    if (part.kind === 'redis') {
      const target = await access.stagingRedis(asAttempt(context));
      try {
        const snapshot = await snapshotOf(input, deps);
        const keys = await target.keys();
        const same = (await target.loadedFrom()) === replidOf(snapshot, context);
        const rows = snapshot.rows ?? keys;
        const faults = [
          ...(same ? [] : [`staging does not hold the snapshot ${snapshot.key}`]),
          ...(keys === rows ? [] : [`staging has ${keys} keys, the backup had ${rows}`]),
        ];
        const seen = {
          what: part.group,
          rows: keys,
          sum: snapshot.sha256,
          xor: '',
          partitions: 1,
          digested: 1,
          withoutTotals: 1,
          faults,
        };
        return verdict(seen);
      } finally {
        target.close();
      }
    }
    return withTables(access.staging(asStep(context)), async (server) => {
      let [rows, partitions, digested, withoutTotals] = [0, 0, 0, 0];
      let totals: readonly ComparedTotal[] = [];
      let [sum, xor] = [0n, 0n];
      const faults: string[] = [];
      const expected = new Map<number, Set<string>>();
      for await (const object of objectsOf(deps.payloads, input.objects)) {
        if (!isPartition(object) || !isOf(part, object)) continue;
        const { shard, partition } = object.source;
        const at = stagedTable(input.name, part, shard);
        expected.set(shard, (expected.get(shard) ?? new Set()).add(partition));
        const of = { ...at, partitionId: partition, final: object.rowDigest?.final ?? false };
        const seen = await server.digest(of);
        if (!sameRows(object, seen)) faults.push(rowsDiffer(`${at.database}.${at.table}`, object, seen).message);
        for (const total of object.totals ?? []) {
          const fault = totalDiffers(total, await server.total(of, total));
          if (fault !== undefined) faults.push(`partition ${partition} of ${at.database}.${at.table}: ${fault}`);
          totals = withTotal(totals, total);
        }
        if (!object.totals) withoutTotals += 1;
        rows += seen.rows;
        partitions += 1;
        if (object.rowDigest) digested += 1;
        sum = BigInt.asUintN(64, sum + BigInt(seen.sum));
        xor ^= BigInt(seen.xor);
        context.progress({ partitions, rows });
      }
      for (const shard of part.shards) {
        const at = stagedTable(input.name, part, shard);
        for (const { partitionId } of await server.partitions(at)) {
          if (!expected.get(shard)?.has(partitionId))
            faults.push(`partition ${partitionId} of ${at.database} is not in the backup`);
        }
        await server.readThrough(at);
      }
      context.measure('rows', rows);
      return verdict({
        ...{ what: `${part.cluster}/${part.table}`, rows, sum: String(sum), xor: String(xor) },
        ...{ partitions, digested, withoutTotals, faults, ...(totals.length > 0 ? { totals } : {}) },
      });
    });
  },
});

function verdict(seen: Verified): Probe<Verified> {
  const { what, rows, partitions, digested, totals, withoutTotals, faults } = seen;
  if (faults.length > 0) {
    const bounded = { ...seen, faults: faults.slice(0, shown) };
    return blocked(
      'ARCHIVE_ROWS_DIFFER',
      bounded,
      `${what}: ${faults.length} differences: ${faults.slice(0, shown).join('; ')}`,
    );
  }
  const without = partitions - digested;
  const rest = without > 0 ? `; ${without} took rows while they were backed up, of them the number is equal` : '';
  const few = withoutTotals > 0 ? ` (${withoutTotals} partitions have none)` : '';
  const added = totals ? `; totals equal: ${totalsInWords(totals)}${few}` : '';
  return done(seen, `${what}: ${rows} rows in ${partitions} partitions, digests equal to the manifest${rest}${added}`);
}
