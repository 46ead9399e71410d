import { expect, it } from 'vitest';
import { guardDefaults, redisGroupSchema } from '../../../src/platform/index.ts';

const group = {
  region: 'r1',
  nodes: [
    { name: 'n1', host: 'h1' },
    { name: 'n2', host: 'h2' },
  ],
  discovery: { kind: 'command', read: ['get'], write: ['set'] },
};

/** The paths of what is refused. */
function refused(guard: object): string[] {
  const result = redisGroupSchema.safeParse({ ...group, guard });
  return result.success ? [] : result.error.issues.map(({ path }) => path.join('.'));
}

it('takes its defaults and what is left out', () => {
  expect(refused({})).toEqual([]);
  expect(refused({ slice: '1m', accept: ['REDIS_NO_PERSISTENCE', 'REDIS_REPLICA_PRIORITY_ZERO@n2'] })).toEqual([]);
  expect(guardDefaults).toMatchObject({ sampleEveryMs: 1_000, sliceMs: 600_000 });
});

it.each([
  [{ slice: '11m' }, 'guard.slice'],
  [{ slice: '500ms' }, 'guard.slice'],
  [{ sampleEvery: '50ms' }, 'guard.sampleEvery'],
  [{ auditEvery: '200ms' }, 'guard.auditEvery'],
  [{ retryFirst: '10m', retryMax: '1m' }, 'guard.retryMax'],
  [{ retryFirst: '0s' }, 'guard.retryFirst'],
  [{ unwatchedAfter: '0s' }, 'guard.unwatchedAfter'],
  [{ accept: ['no persistence'] }, 'guard.accept.0'],
  [{ colour: 'red' }, 'guard'],
])('refuses %j at its place', (guard, place) => {
  expect(refused(guard)).toContain(place);
});
