import { expect, test } from 'vitest';
import { recoveryAccess } from '../../../activities/archive/recovery/connect.ts';
import type { RedisGroupAccess } from '../../../activities/redis/access/access.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { Platform } from '../../../src/platform/index.ts';
import { testArchive } from '../../support/archive-world.ts';

/** What a group's nodes and its discovery say; an error is no answer. */
async function latest(
  nodes: Readonly<Record<string, number | Error>>,
  told: number | Error | undefined,
): Promise<number> {
  const answer = <T>(value: T | Error): Promise<T> =>
    value instanceof Error ? Promise.reject(value) : Promise.resolve(value);
  const group = {
    config: { nodes: Object.keys(nodes).map((name) => ({ name })) },
    connect: async (name: string) => ({ epoch: () => answer(nodes[name] ?? 0), close: () => undefined }),
    discovery: { read: async () => (told === undefined ? undefined : { epoch: await answer(told) }) },
  } as unknown as RedisGroupAccess; // An epoch needs no more of a group.
  const platform = {
    ...{ archive: { archives: { main: testArchive() } }, storage: { buckets: {} } },
    ...{ clickhouse: { clusters: {} }, redis: { groups: {} } },
  } as unknown as Platform; // Nor of a platform.
  const none = (): never => {
    throw new Error('an epoch needs neither a store nor a server');
  };
  const access = recoveryAccess('main', { platform, secret: none, store: none, server: none, group: () => group });
  return access.latestEpoch('sessions');
}

test('the latest epoch is the highest of those that anyone has or was told', async () => {
  expect(await latest({ r1: 3, r2: 7 }, 5)).toBe(7);
  expect(await latest({ r1: 3, r2: 7 }, 9)).toBe(9);
  expect(await latest({ r1: 0 }, undefined)).toBe(0);
});

test('a node that does not answer is passed over, a discovery is not: an epoch could be given twice', async () => {
  expect(await latest({ r1: new GantryError('REDIS_UNREACHABLE', 'down'), r2: 4 }, 2)).toBe(4);
  await expect(latest({ r1: 3 }, new GantryError('DISCOVERY_UNREACHABLE', 'away'))).rejects.toMatchObject({
    code: 'DISCOVERY_UNREACHABLE',
  });
});
