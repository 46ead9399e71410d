import { expect, test } from 'vitest';
import { loadsOf, requested } from './restore-take.ts';

const request = (verb: 'RESTORE' | 'COPY' | 'DELETE' | 'HEAD', status?: number) => ({
  ...{ verb, bucket: 'backups', key: 'gantry/data/20260101T000000Z-run/a', versionId: undefined, atMs: 0 },
  ...(status === undefined ? {} : { status }),
});

test('a thaw that is asked for again counts as one, a second one that the store accepts as two', () => {
  const once = requested([
    request('RESTORE', 202),
    request('RESTORE', 200),
    request('RESTORE', 409),
    request('HEAD', 200),
  ]);
  expect(once.effects).toEqual([{ what: 'restore gantry/data/*/a', certain: true }]);
  expect(once.empty).toHaveLength(2);
  expect(requested([request('RESTORE', 202), request('RESTORE', 202)]).effects).toHaveLength(2);
});

test('a second copy is an effect, a second deletion of what is gone is none', () => {
  expect(requested([request('COPY', 200), request('COPY')]).effects.map(({ certain }) => certain)).toEqual([
    true,
    false,
  ]);
  expect(requested([request('DELETE', 204), request('DELETE', 204)]).effects).toHaveLength(1);
});

test('a load that was cut off may be made again; one after the promotion is a second promotion', () => {
  const [load, promoted] = [
    { kind: 'demoted', command: 'REPLICAOF a 1', certain: true },
    { kind: 'promoted', command: 'REPLICAOF NO ONE', certain: true },
  ] as const;
  expect(loadsOf([load, load, promoted]).effects).toHaveLength(2);
  expect(loadsOf([load, promoted, load, promoted]).effects).toHaveLength(4);
});
