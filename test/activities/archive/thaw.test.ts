import { expect, test } from 'vitest';
import type { ThawInput } from '../../../activities/archive/recovery/thaw.ts';
import { requestThaw } from '../../../activities/archive/recovery/thaw.ts';
import { asLines } from '../../../activities/archive/recovery/objects.ts';
import { storedObjects } from '../../../src/drivers/manifest/index.ts';
import { readBackup } from '../../../activities/archive/access/backups.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RestoreObject } from '../../../src/runs/index.ts';
import { archiveKeys } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { ArchiveWorld } from '../../support/archive-world.ts';
import { archiveWorld, makeBackup } from '../../support/archive-world.ts';

/** An attempt, and what it has reported last: the next one resumes from it. */
function attempt(number: number, resumed?: unknown): { context: StepContext; said: () => unknown } {
  let last = resumed;
  const context: StepContext = {
    ...{
      signal: new AbortController().signal,
      mustBeOurs: () => undefined,
      unit: 'test/1/1',
      attempt: number,
      resumed,
    },
    ...{ progress: (details) => (last = details), measure: () => undefined, count: () => undefined },
  };
  return { context, said: () => last };
}

/** Three objects that thaw for hours with Bulk, and what a faster tier is asked with. */
async function thawing(world: ArchiveWorld): Promise<ThawInput> {
  const partitions = { a: ['a:1'], b: ['b:1'], c: ['c:1'] };
  const backupId = await makeBackup(world, [{ table: 'metrics.samples', shard: 1, partitions }]);
  const keys = archiveKeys(world.config.prefix);
  world.store.age('GLACIER', keys.data);
  const key = keys.manifest(backupId);
  const versionId = world.store.versionsOf(key)[0]?.versionId ?? '';
  const access = { name: 'main', config: world.config };
  const { objects: stored } = await readBackup(
    access,
    world.store,
    { backupId, key, versionId, size: 0 },
    world.payloads,
  );
  const objects: RestoreObject[] = [];
  for await (const object of storedObjects(world.payloads, stored))
    if (object.role === 'data') objects.push({ ...object, storageClass: 'GLACIER', tier: 'Bulk' });
  const list = await world.payloads.put<RestoreObject>(asLines(objects), objects.length);
  return { archive: 'main', name: 'one', objects: list, days: 3, copyMs: 0, expiryMarginMs: 0 };
}

test('a faster thaw that was cut off after some of its objects asks for the others as well', async () => {
  const world = archiveWorld();
  const input = await thawing(world);
  const { context: first } = attempt(1);
  const cold = await requestThaw.probe(input, world.deps, first);
  await requestThaw.apply?.(input, cold.observed, world.deps, first);
  expect((await requestThaw.probe(input, world.deps, first)).verdict).toBe('done');

  const faster: ThawInput = { ...input, tier: 'Expedited' };
  const asked = (): string[] => world.store.log.filter((line) => line.includes(' Expedited '));
  world.store.fault = (verb) => {
    if (verb === 'restore' && asked().length === 1) throw new GantryError('S3_TIMEOUT', 'no answer');
  };
  const cut = attempt(1);
  const seen = await requestThaw.probe(faster, world.deps, cut.context);
  expect(seen.verdict).toBe('todo');
  await expect(requestThaw.apply?.(faster, seen.observed, world.deps, cut.context)).rejects.toThrow('no answer');
  expect(asked()).toHaveLength(1);
  expect(cut.said()).toMatchObject({ requests: 1 });

  world.store.fault = () => undefined;
  const next = attempt(2, cut.said());
  const again = await requestThaw.probe(faster, world.deps, next.context);
  expect(again.verdict).toBe('todo');
  await requestThaw.apply?.(faster, again.observed, world.deps, next.context);
  expect(new Set(asked()).size).toBe(3);
  expect((await requestThaw.probe(faster, world.deps, next.context)).verdict).toBe('done');

  // One whose answer was lost alone has asked for all of them.
  const third = attempt(3, next.said());
  expect((await requestThaw.probe(faster, world.deps, third.context)).verdict).toBe('done');
});
