import type { ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { TierDigest, TierMove } from '../../../src/planning/clickhouse/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { ClickHouseDeps } from '../access/access.ts';
import { asStep, withServer } from '../access/access.ts';
import { levelOf, nameOf } from './level.ts';
import { mergesRows, mustHave } from './read.ts';

/** Where a server's copy of a partition lies, and what is in it. */
export type Placed = {
  bytesOn: Readonly<Record<string, number>>;
  digest: TierDigest;
  /** It has other rows than planned, and nothing was done to it yet: the next run takes it as it is then. */
  left?: true;
};

/**
 * Moves one server's copy of a partition to a volume; MOVE is not replicated. Its rows are the same before and after by
 * their digest, which the plan has: a retry that finds it moved still compares.
 */
export const moveToVolume = defineStep<TierMove, Placed, ClickHouseDeps>({
  name: 'clickhouse.move-to-volume',
  probe: (move, { clusters }, context) => onServer(move, clusters, context, (node) => look(move, node)),
  apply: (move, _seen, { clusters, log }, context) =>
    onServer(move, clusters, context, async (node, reserve) => {
      const { cluster, table, server, partition, volume } = move;
      await roomFor(move, node, reserve);
      const startedAt = performance.now();
      await moveTo(node, move, volume);
      context.measure('moveMs', performance.now() - startedAt);
      log.info({ cluster, table, server, partition, volume }, 'partition moved to its volume');
    }),
  undo: (move, _before, { clusters }, context) =>
    onServer(move, clusters, context, async (node) => {
      const [back] = move.from;
      if (back !== undefined) await moveTo(node, move, back);
    }),
});

async function onServer<T>(
  { cluster, table, server }: TierMove,
  clusters: ClickHouseDeps['clusters'],
  context: StepContext,
  use: (node: ClickHouseNode, reserve: number) => Promise<T>,
): Promise<T> {
  const access = await clusters(cluster);
  const { reserve } = levelOf(access, cluster, table).intent;
  return withServer(access, server, (node) => use(node, reserve), asStep(context));
}

async function look(
  { table, server, partition, volume, digest }: TierMove,
  node: ClickHouseNode,
): Promise<Probe<Placed>> {
  const name = nameOf(table);
  const final = mergesRows((await mustHave(node, server, table)).engine);
  const bytesOn = await bytesByDisk(node, { table, partition });
  const seen = { bytesOn, digest: await node.digest({ ...name, partitionId: partition, final }) };
  const where = `${partition} on ${server}`;
  if (Object.keys(bytesOn).length === 0) {
    return blocked('CLICKHOUSE_PART_NOT_FOUND', seen, `${where} has no part any more`);
  }
  const { rows, sum, xor } = seen.digest;
  const elsewhere = await offVolume(node, table, volume, bytesOn);
  if (rows !== digest.rows || sum !== digest.sum || xor !== digest.xor) {
    const both = `${digest.rows} rows, ${digest.sum}/${digest.xor} when planned; ${rows} rows, ${sum}/${xor} now`;
    const begun = elsewhere.length < Object.keys(bytesOn).length;
    if (!begun) return done({ ...seen, left: true }, `${where} is left to the next run: ${both}`);
    return blocked('CLICKHOUSE_DIGEST_CHANGED', seen, `${where}: ${both}`);
  }
  if (elsewhere.length === 0) return done(seen, `${where} is on ${volume}, ${rows} rows with the same digest`);
  const begun = elsewhere.length < Object.keys(bytesOn).length;
  return todo(seen, `${where} is on ${elsewhere.join(', ')}`, { begun });
}

/** The disks outside of the volume that hold parts. */
async function offVolume(
  node: ClickHouseNode,
  table: string,
  volume: string,
  bytesOn: Readonly<Record<string, number>>,
): Promise<string[]> {
  const storage = await node.storage(nameOf(table));
  const disks = storage?.volumes.find(({ name }) => name === volume)?.disks ?? [];
  return Object.keys(bytesOn).filter((disk) => !disks.includes(disk));
}

async function bytesByDisk(
  node: ClickHouseNode,
  { table, partition }: Pick<TierMove, 'table' | 'partition'>,
): Promise<Record<string, number>> {
  const bytesOn: Record<string, number> = {};
  for (const { disk, bytes } of await node.parts(nameOf(table), partition))
    bytesOn[disk] = (bytesOn[disk] ?? 0) + bytes;
  return bytesOn;
}

/** @throws CLICKHOUSE_VOLUME_FULL: what is there now counts, not what was there when it was planned */
async function roomFor(move: TierMove, node: ClickHouseNode, reserve: number): Promise<void> {
  const { table, server, partition, volume } = move;
  const storage = await node.storage(nameOf(table));
  const names = storage?.volumes.find(({ name }) => name === volume)?.disks ?? [];
  const disks = ((await node.disks()) ?? []).filter(({ name }) => names.includes(name));
  const free = disks.reduce((sum, { freeBytes, totalBytes }) => sum + freeBytes - totalBytes * reserve, 0);
  const held = Object.entries(await bytesByDisk(node, move)).filter(([disk]) => !names.includes(disk));
  const bytes = held.reduce((sum, [, onDisk]) => sum + onDisk, 0);
  if (bytes <= free) return;
  const room = `${volume} of ${server} takes ${Math.max(0, Math.round(free))} bytes beside its reserve`;
  throw new GantryError('CLICKHOUSE_VOLUME_FULL', `${room}, and ${partition} has ${bytes}`, {
    evidence: { server, volume, freeBytes: Math.round(free), bytes },
  });
}

async function moveTo(node: ClickHouseNode, { table, partition }: TierMove, volume: string): Promise<void> {
  await node.killEarlier();
  try {
    await node.movePartitionToVolume({ ...nameOf(table), partitionId: partition }, volume);
  } catch (error) {
    // "All parts are already there": an earlier attempt's statement, or the server's own mover, was faster.
    const left = await offVolume(node, table, volume, await bytesByDisk(node, { table, partition }));
    if (left.length > 0) throw error;
  }
}
