import type { ShardWeights } from '../../../runs/index.ts';
import { placementBy } from '../facts/distributed-engine.ts';
import { sumOfWeights } from './membership.ts';
import { fullName, isPassing } from './schema-order.ts';
import type { ShardIntent, ShardServer } from './types.ts';

/** A Distributed table that places rows by a key, as one server has it. */
export type KeyTable = { name: string; over: string; key: string; bound?: number };

/** Every Distributed table of the cluster on these servers that places rows by what is in them. */
export function keyTables(servers: readonly ShardServer[], listedAs: string): KeyTable[] {
  const found = new Map<string, KeyTable>();
  for (const { objects } of servers) {
    for (const object of objects) {
      const { distributed } = object;
      // A former table of a reshard takes no rows any more.
      if (distributed?.cluster !== listedAs || isPassing(object)) continue;
      const placement = placementBy(distributed.key);
      if (placement.kind === 'random') continue;
      const { bound } = placement;
      const over = `${distributed.database}.${distributed.table}`;
      const one = { name: fullName(object), over, key: distributed.key, ...(bound === undefined ? {} : { bound }) };
      found.set(`${one.name}\n${one.key}`, one);
    }
  }
  return [...found.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** By what the Distributed table that the platform file names places a table's rows, on each server that has it: '' without a key. */
export function keysNamed(
  { name, distributed }: ShardIntent['tables'][number],
  servers: readonly ShardServer[],
): string[] {
  return servers.flatMap(({ objects }) =>
    objects.flatMap((one) => {
      const over = `${one.distributed?.database}.${one.distributed?.table}`;
      return fullName(one) === distributed && over === name ? [one.distributed?.key ?? ''] : [];
    }),
  );
}

/** Whether it is known how a table's rows are placed, by chance or by a key. */
export function isPlaced(declared: ShardIntent['tables'][number], servers: readonly ShardServer[]): boolean {
  return keysNamed(declared, servers).some((key) => key !== '');
}

/**
 * Whether every row of the table goes by the new weights where it went by the former ones. Keys below `bound` all fall on the
 * shards before it: what follows them in the list changes nothing.
 */
export function placesTheSame({ bound }: KeyTable, before: ShardWeights, after: ShardWeights): boolean {
  const [from, to] = [bounds(before), bounds(after)];
  if (sumOfWeights(before) === sumOfWeights(after) && from.join() === to.join()) return true;
  if (bound === undefined || bound > Math.min(sumOfWeights(before), sumOfWeights(after))) return false;
  const within = (list: readonly string[]): string => list.filter((one) => Number(one.split(':')[0]) < bound).join();
  return within(from) === within(to);
}

/** `0:1`, `1:2`: from which remainder on a shard takes the keys. */
function bounds(weights: ShardWeights): string[] {
  let next = 0;
  return Object.entries(weights)
    .sort(([a], [b]) => Number(a) - Number(b))
    .flatMap(([shard, weight]) => {
      const at = next;
      next += weight;
      return weight > 0 ? [`${at}:${shard}`] : [];
    });
}
