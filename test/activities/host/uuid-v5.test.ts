import { expect, test } from 'vitest';
import { hostUuids, livesOf, uuidV5 } from '../../../activities/host/identity/uuid-v5.ts';

test('a UUID is the one of RFC 9562 (A.4)', () => {
  expect(uuidV5('6ba7b810-9dad-11d1-80b4-00c04fd430c8', 'www.example.com')).toBe(
    '2ed6657d-e927-568b-95e1-2665a8aea6a2',
  );
  expect(() => uuidV5('none', 'x')).toThrow(TypeError);
});

test('each part of each life of each host has its own, and always the same', () => {
  const all = ['A', 'B', 'A1'].flatMap((serial) =>
    [...livesOf(serial).values()].flatMap((life) => Object.values(life)),
  );
  expect(new Set(all).size).toBe(all.length);
  // Written to disks: a change of this value makes every host in service foreign.
  expect(hostUuids('LAB0042', 1)).toEqual(livesOf('LAB0042').get(1));
  expect(hostUuids('LAB0042', 1).array).toBe('576a0db2-8130-5fbe-8d8b-926929b298f4');
});
