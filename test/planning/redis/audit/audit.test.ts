import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { auditGroup } from '../../../../src/planning/redis/index.ts';
import type { GroupFacts, GroupIntent } from '../../../../src/planning/redis/index.ts';
import { facts, intent } from '../facts.ts';

const found = (given: GroupFacts, change: Partial<GroupIntent> = {}): string[] =>
  auditGroup({ ...intent, ...change }, given).map(({ code, place }) => `${code}@${place ?? ''}`);

describe('auditGroup', () => {
  it('finds nothing in a sound group, and nothing in a save that is under way', () => {
    expect(found(facts())).toEqual([]);
    expect(found(facts({ r1: { savingRdb: true } }))).toEqual([]);
  });

  it.each([
    [
      'another write safety',
      { r2: { writeSafety: { minReplicasToWrite: 0, minReplicasMaxLagSeconds: 10 } } },
      'REDIS_WRITE_SAFETY_DEVIATES@r2',
    ],
    ['no persistence on the primary', { r1: { aofEnabled: false } }, 'REDIS_NO_PERSISTENCE@r1'],
    ['another kind of persistence', { r3: { aofEnabled: false, rdbEnabled: true } }, 'REDIS_CONFIG_MISMATCH@r3'],
    ['a priority of 0', { r3: { priority: 0 } }, 'REDIS_REPLICA_PRIORITY_ZERO@r3'],
    ['another version', { r2: { version: '7.2.4' } }, 'REDIS_VERSION_MISMATCH@r2'],
    [
      'another eviction policy',
      { r2: { settings: { ...facts().nodes[1]?.reading?.settings, 'maxmemory-policy': 'allkeys-lru' } } },
      'REDIS_CONFIG_MISMATCH@r2',
    ],
  ] as const)('finds %s', (_name, change, expected) => {
    expect(found(facts(change as Parameters<typeof facts>[0]))).toEqual([expected]);
  });

  it('finds a replica that nobody declared, and a record that takes the lease from a primary that has one', () => {
    const listed = (...hosts: string[]) => ({ r1: { replicas: hosts.map((host) => ({ host, port: 6379 })) } });
    expect(found(facts(listed('10.0.0.2', '10.0.0.3')))).toEqual([]);
    expect(found(facts(listed('10.0.0.2', '10.0.0.3', '10.9.9.9')))).toEqual(['REDIS_REPLICA_UNDECLARED@r1']);
    // A node that cannot be asked may announce any address.
    const silent = { problem: { code: 'REDIS_UNREACHABLE' as const, message: 'r3: no connection' } };
    expect(found(facts({ ...listed('10.0.0.2', '10.9.9.9'), r3: silent }))).toEqual(['REDIS_UNREACHABLE@r3']);
    expect(found(facts({ r1: { minReplicasRecorded: 1 } }))).toEqual([]);
    expect(found(facts({ r1: { minReplicasRecorded: 0 } }))).toEqual(['REDIS_WRITE_SAFETY_DEVIATES@r1:record']);
  });

  it('leaves the priority of a primary alone: it counts once it is a replica', () => {
    expect(found(facts({ r1: { priority: 0 } }))).toEqual([]);
  });

  it('leaves out what the platform file accepts, for the group or for one node', () => {
    const given = facts({ r2: { priority: 0 }, r3: { priority: 0 } });
    expect(found(given, { guard: { accept: ['REDIS_REPLICA_PRIORITY_ZERO@r3'] } })).toEqual([
      'REDIS_REPLICA_PRIORITY_ZERO@r2',
    ]);
    expect(found(given, { guard: { accept: ['REDIS_REPLICA_PRIORITY_ZERO'] } })).toEqual([]);
  });

  it('finds every deviation that is put in, whatever else is wrong', () => {
    const deviations = fc.record({ priority: fc.boolean(), version: fc.boolean(), safety: fc.boolean() });
    fc.assert(
      fc.property(deviations, ({ priority, version, safety }) => {
        const codes = auditGroup(
          intent,
          facts({
            r2: {
              ...(priority ? { priority: 0 } : {}),
              ...(version ? { version: '7.2.4' } : {}),
              ...(safety ? { writeSafety: { minReplicasToWrite: 0, minReplicasMaxLagSeconds: 10 } } : {}),
            },
          }),
        ).map(({ code }) => code);
        expect(codes.includes('REDIS_REPLICA_PRIORITY_ZERO')).toBe(priority);
        expect(codes.includes('REDIS_VERSION_MISMATCH')).toBe(version);
        expect(codes.includes('REDIS_WRITE_SAFETY_DEVIATES')).toBe(safety);
      }),
    );
  });
});
