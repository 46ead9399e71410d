import { expect, test } from 'vitest';
import { proveObjects } from '../../../activities/archive/recovery/prove-objects.ts';
import { objectsOf } from '../../../activities/archive/recovery/objects.ts';
import { planFrom } from '../../../activities/archive/recovery/plan-recovery.ts';
import type { RestoreData } from '../../../src/runs/index.ts';
import type { Planned, StepContext } from '../../../src/steps/index.ts';
import { archiveWorld, makeBackup } from '../../support/archive-world.ts';
import type { ArchiveWorld } from '../../support/archive-world.ts';

// 20 random single-bit and truncation faults over objects and manifest; GANTRY_CORRUPTIONS=200 for more. The seed is printed.
const faults = Number(process.env['GANTRY_CORRUPTIONS'] ?? 20);
const seed = Number(process.env['GANTRY_SEED'] ?? Date.now() % 1_000_000);

/** Mulberry32: the same faults for the same seed. */
function random(from: number): () => number {
  let state = from;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const context = {
  ...{
    signal: new AbortController().signal,
    mustBeOurs: () => undefined,
    unit: 'test/1/1',
    attempt: 1,
    resumed: undefined,
  },
  ...{ progress: () => undefined, measure: () => undefined, count: () => undefined },
} satisfies StepContext;

const plan = ({ deps }: ArchiveWorld): Promise<Planned<RestoreData>> =>
  planFrom({ archive: 'main', what: 'all' }, deps, context.signal, {
    verb: 'restore',
    tail: () => [],
    promotes: false,
  });

test(`each of ${faults} faults is found, and named by its key, before a row is staged`, async () => {
  process.stdout.write(`seed ${seed}\n`);
  const next = random(seed);
  const below = (most: number): number => Math.floor(next() * most);
  const where: Record<string, number> = {};
  for (let round = 0; round < faults; round += 1) {
    const world = archiveWorld();
    const partitions = Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [name, Array.from({ length: 40 }, (_, at) => `${name}:${at} ${next()}`)]),
    );
    await makeBackup(world, [{ table: 'metrics.samples', shard: 1, partitions }], { group: 'sessions' });
    const keys: string[] = [];
    for await (const { key } of world.store.versions('')) keys.push(key);
    const key = keys[below(keys.length)] ?? '';
    const [version] = world.store.versionsOf(key);
    if (!version) throw new Error('no version');
    const cut = next() < 0.3;
    const at = below(version.bytes.byteLength);
    if (cut) version.bytes = version.bytes.subarray(0, at);
    else version.bytes[at] = (version.bytes[at] ?? 0) ^ (1 << below(8));
    const what = `seed ${seed}, round ${round}: ${key}, ${cut ? `cut to ${at} bytes` : `a bit of byte ${at}`}`;

    const planned = await plan(world);
    let found: string;
    if (!planned.ok) {
      where['plan'] = (where['plan'] ?? 0) + 1;
      found = planned.findings.map(({ message, place }) => `${place ?? ''} ${message}`).join('; ');
    } else {
      where['proof'] = (where['proof'] ?? 0) + 1;
      const { archive, name, objects } = planned.draft.data;
      const proof = await proveObjects.probe({ archive, name, objects }, world.deps, context);
      expect(proof.verdict, what).toBe('blocked');
      found = proof.summary;
    }
    expect(found, what).toContain(key);
    expect(world.staging.tables.size, what).toBe(0);
  }
  process.stdout.write(`${JSON.stringify(where)}\n`);
});

test('without a fault nothing is found', async () => {
  const world = archiveWorld();
  const partitions = { a: ['a:1'], b: ['b:1'], c: ['c:1'] };
  await makeBackup(world, [{ table: 'metrics.samples', shard: 1, partitions }], { group: 'sessions' });
  const planned = await plan(world);
  if (!planned.ok) throw new Error(JSON.stringify(planned.findings));
  const { archive, name, objects } = planned.draft.data;
  const proof = await proveObjects.probe({ archive, name, objects }, world.deps, context);
  expect(proof.verdict).toBe('done');
  // Several are read at once: each one's bytes count.
  const sizes: number[] = [];
  for await (const { size } of objectsOf(world.deps.payloads, objects)) sizes.push(size);
  expect(sizes.length).toBeGreaterThan(3);
  expect(proof.observed).toMatchObject({ objects: sizes.length, bytes: sizes.reduce((sum, size) => sum + size, 0) });
});
