import { beforeEach, expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import type { RedisNode } from '../../../lab/redis/node.ts';
import { startRedisNode } from '../../../lab/redis/node.ts';
import { fillStaging, replidOf } from '../../../activities/archive/recovery/fill-staging.ts';
import { clearStaging } from '../../../activities/archive/recovery/clear-staging.ts';
import { asLines } from '../../../activities/archive/recovery/objects.ts';
import { promote } from '../../../activities/archive/restore/promote.ts';
import { connectRedis } from '../../../src/drivers/redis/index.ts';
import { openSnapshotNode } from '../../../src/drivers/redis/load-snapshot.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RestoreObject } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { ArchiveWorld } from '../../support/archive-world.ts';
import { archiveWorld } from '../../support/archive-world.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';
import { putOf, whole } from '../../support/s3-rig.ts';

const part = { kind: 'redis', group: 'sessions' } as const;
const context = (change: Partial<StepContext> = {}): StepContext => ({
  ...{ signal: new AbortController().signal, mustBeOurs: () => undefined, unit: 'restore/run-1/7', attempt: 1 },
  ...{ resumed: undefined, progress: () => undefined, measure: () => undefined, count: () => undefined },
  ...change,
});

await describeWith(['redis'], 'a Redis group that is restored', () => {
  let world: ArchiveWorld;
  let node: RedisNode;
  let snapshot: RestoreObject;
  let input: { archive: string; name: string; objects: Awaited<ReturnType<typeof listOf>>; part: typeof part };
  /** The latest epoch that anyone was told. */
  let told = 0;
  const on = <T>(use: Parameters<typeof withRedis<T>>[2]): Promise<T> => withRedis(node, undefined, use);
  const listOf = (object: RestoreObject) => world.payloads.put<RestoreObject>(asLines([object]), 1);

  // A backup of a primary in its fifth epoch; then the primary is lost.
  beforeEach(async () => {
    world = archiveWorld();
    node = stopping(await startRedisNode({ stateDir: labFolder(), group: 'sessions', name: 'r1' }));
    await on(async (client) => {
      for (let at = 0; at < 100; at += 1) await client.set(`k${at}`, at);
      await client.mset('gantry:epoch', 5, 'gantry:settled', 5, 'gantry:min-replicas-to-write', 1);
    });
    const source = await connectRedis(node);
    const rdb = Buffer.from(await whole((await source.snapshot({ waitMs: 60_000, idleMs: 60_000 })).body));
    source.close();
    const put = putOf('gantry/data/sessions.rdb', rdb);
    const { key, versionId } = await world.store.put(put);
    snapshot = {
      ...{ key, versionId, size: put.size, sha256: put.sha256, storageClass: 'STANDARD', role: 'redis' },
      ...{ source: part, encoding: 'identity', backupId: 'b', readAt: '2026-01-01T00:00:00Z' },
    };
    input = { archive: 'main', name: 'one', objects: await listOf(snapshot), part };
    const access = await world.deps.recovery('main');
    world.deps = {
      ...world.deps,
      recovery: () => ({
        ...access,
        stagingRedis: (options) => openSnapshotNode(node, {}, options),
        primary: (_group, options) => openSnapshotNode(node, {}, options),
        latestEpoch: async () => told,
      }),
    };
    await on((client) => client.flushall());
    told = 0;
  });

  const promoteNow = async (with_: StepContext): Promise<string> => {
    const seen = await promote.probe(input, world.deps, with_);
    if (seen.verdict === 'todo') await promote.apply?.(input, seen.observed, world.deps, with_);
    return (await promote.probe(input, world.deps, with_)).verdict;
  };

  test('has an epoch above all that were told, so that what is sent under an older one is refused', async () => {
    // What is there is Gantry's own: for clients the primary is empty.
    await on((client) => client.mset('gantry:epoch', 8, 'gantry:min-replicas-to-write', 0));
    told = 11;
    expect(await promoteNow(context())).toBe('done');
    const late = await connectRedis(node);
    try {
      // Runs of the day of the backup, of before the loss, and of the last decision.
      for (const epoch of [5, 8, 11])
        await expect(late.configSetUnder(epoch, 'maxmemory-samples', '7')).rejects.toMatchObject({
          code: 'STALE_ATTEMPT',
        });
      expect(await late.epoch()).toBe(12);
    } finally {
      late.close();
    }
    await on(async (client) => {
      expect(await client.get('k99')).toBe('99');
      // Notes about the node are those of the node; a settled handover of then is none of today.
      expect(await client.mget('gantry:min-replicas-to-write', 'gantry:settled')).toEqual(['0', null]);
    });
  });

  test('gets its epoch where the load ended before it did, and is not loaded again', async () => {
    const target = await openSnapshotNode(node);
    const { size, sha256 } = snapshot;
    const body = () => world.store.get(snapshot, { size, sha256 });
    await target.load({ size, body, replid: replidOf(snapshot, context()) });
    target.close();
    await on((client) => client.set('of a client', 'kept'));
    told = 5;
    expect(await promoteNow(context({ attempt: 2 }))).toBe('done');
    await on(async (client) => {
      expect(await client.mget('gantry:epoch', 'of a client', 'k0')).toEqual(['6', 'kept', '0']);
    });
  });

  test('keeps the epoch and the notes of before a load that was cut off', async () => {
    await on((client) => client.mset('gantry:epoch', 20, 'gantry:failover', '{"epoch":20}'));
    let said: unknown;
    await cutOffLoad(node, world, snapshot);
    // As the attempt reported them before it was lost; its load has taken them away.
    said = { renewed: { above: 20, notes: { 'gantry:failover': '{"epoch":20}' } } };
    expect(await promoteNow(context({ attempt: 2, resumed: said, progress: (next) => (said = next) }))).toBe('done');
    await on(async (client) =>
      expect(await client.mget('gantry:epoch', 'gantry:failover')).toEqual(['21', '{"epoch":20}']),
    );
    expect(said).toMatchObject({ renewed: { above: 20 } });
  });

  test('takes no write while it has the snapshot and the epoch of its day', async () => {
    // No epoch can be read of this snapshot, so that none can be given above it: the load ends by its time.
    await on((client) => client.mset('gantry:epoch', 'x', 'k', 'v'));
    const source = await connectRedis(node);
    const rdb = Buffer.from(await whole((await source.snapshot({ waitMs: 60_000, idleMs: 60_000 })).body));
    source.close();
    await on((client) => client.flushall());
    const target = await openSnapshotNode(node, {}, { loadMs: 3_000 });
    const snapshotOfThen = { size: rdb.length, replid: 'a'.repeat(40), body: () => one(rdb) };
    const load = target.load({ ...snapshotOfThen, renewed: { above: 11, notes: {} } });
    await expect(load).rejects.toThrow('did not load it');
    target.close();
    await on(async (client) => {
      expect(await client.get('k')).toBe('v');
      await expect(client.set('k', 'of a client')).rejects.toThrow('READONLY');
    });
  });

  test('in staging leaves no key behind when its load was cut off and the run is undone', async () => {
    const before = await fillStaging.probe(input, world.deps, context());
    await cutOffLoad(node, world, snapshot);
    expect(await on((client) => client.dbsize())).toBeGreaterThan(100);
    await fillStaging.undo?.(input, before.observed, world.deps, context({ unit: 'restore/run-1/9' }));
    await on(async (client) => {
      expect(await client.dbsize()).toBe(0);
      expect(((await client.call('ROLE')) as unknown[])[0]).toBe('master');
    });
  });

  test('in staging is cleared after a load that was cut off was accepted', async () => {
    await cutOffLoad(node, world, snapshot);
    const { archive, name, objects } = input;
    const of = { archive, name, objects, parts: [part] };
    const seen = await clearStaging.probe(of, world.deps, context());
    expect(seen.verdict).toBe('todo');
    await clearStaging.apply?.(of, seen.observed, world.deps, context());
    expect((await clearStaging.probe(of, world.deps, context())).verdict).toBe('done');
    expect(await on((client) => client.dbsize())).toBe(0);
  });

  test('in staging that follows another node as before is left alone by the undo', async () => {
    await on((client) => client.replicaof('127.0.0.1', 1));
    const before = await fillStaging.probe(input, world.deps, context());
    await fillStaging.undo?.(input, before.observed, world.deps, context());
    expect(((await on((client) => client.call('ROLE'))) as unknown[])[0]).toBe('slave');
  });
});

/** As a worker leaves a node that is frozen or killed right after the node has taken the snapshot over. */
async function cutOffLoad(node: RedisNode, world: ArchiveWorld, snapshot: RestoreObject): Promise<void> {
  let outlived = false;
  const beforeChange = (): void => {
    if (outlived) throw new GantryError('ATTEMPT_OUTLIVED', 'another one has the attempt');
  };
  const target = await openSnapshotNode(node, {}, { beforeChange });
  const { size, sha256 } = snapshot;
  const body = async function* (): AsyncGenerator<Uint8Array> {
    yield* world.store.get(snapshot, { size, sha256 });
    outlived = true;
  };
  try {
    await expect(target.load({ size, body, replid: replidOf(snapshot, context()) })).rejects.toThrow(/another one/);
  } finally {
    target.close();
  }
  await until(async () => {
    const info = await withRedis(node, undefined, (client) => client.info('replication'));
    return /role:slave/.test(info) && /master_link_status:down/.test(info);
  }, 60_000);
}

async function* one(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
