import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { TierData, TierFacts, TierIntent, TierPartition } from '../../../../src/planning/clickhouse/index.ts';
import { compareRollup, planTier, tierCandidates, tierSpan } from '../../../../src/planning/clickhouse/index.ts';
import { dayBefore, dayMs, factsOf, flatServer, intent, nowMs, rollupOf, serverOf } from './facts.ts';

const disks = ['hot', 'warm', 'cold'] as const;

const rollup = (id: string) =>
  fc.oneof(
    fc.constant(undefined),
    ...Array.from({ length: 4 }, () => fc.constant(rollupOf(id))),
    fc.constant(rollupOf(id, '300', '301')),
    fc.constant(rollupOf(id, '300', '300', ['1', '2'])),
    fc.constant(rollupOf(id, '0', '0')),
  );

const partition = (days: number): fc.Arbitrary<TierPartition> =>
  fc
    .record({
      quiet: fc.integer({ min: -1, max: 5 }),
      rollup: rollup(dayBefore(days)),
      backup: fc.option(fc.boolean(), { nil: undefined }),
      bytesOn: fc.array(fc.dictionary(fc.constantFrom(...disks), fc.integer({ min: 1, max: 900 }), { minKeys: 1 }), {
        minLength: 2,
        maxLength: 2,
      }),
      digests: fc.boolean(),
    })
    .map(({ quiet, rollup: reading, backup, bytesOn, digests }) => ({
      id: dayBefore(days),
      newestWriteMs: nowMs - quiet * 0.7 * dayMs,
      copies: ['a', 'b'].map((server, at) => ({ server, bytesOn: bytesOn[at] ?? {} })),
      ...(reading ? { rollup: reading } : {}),
      ...(backup === undefined ? {} : { backup: { known: backup, evidence: '' } }),
      ...(digests ? { digests: { a: { rows: 1, sum: '1', xor: '1' }, b: { rows: 1, sum: '1', xor: '1' } } } : {}),
    }));

const world: fc.Arbitrary<{ facts: TierFacts; of: TierIntent }> = fc
  .record({
    partitions: fc
      .uniqueArray(fc.integer({ min: 0, max: 40 }), { maxLength: 12 })
      .chain((days) => fc.tuple(...days.map(partition))),
    ttl: fc.integer({ min: 0, max: 5 }).map((one) => one === 0),
    flat: fc.boolean(),
    finer: fc.array(fc.integer({ min: 0, max: 40 }).map(dayBefore), { maxLength: 2 }),
    volume: fc.constantFrom(...disks),
    keep: fc.integer({ min: 1, max: 30 }),
    maxMoves: fc.integer({ min: 1, max: 4 }),
    maxExpiries: fc.integer({ min: 1, max: 4 }),
    noBackup: fc.boolean(),
  })
  .map(({ partitions, ttl, flat, finer, volume, keep, maxMoves, maxExpiries, noBackup }) => {
    const servers = [
      serverOf('a', ttl ? { ttl: { whole: 'time', deletes: ['time'], keeps: [] } } : {}),
      flat ? flatServer('b') : serverOf('b'),
    ];
    const of = { ...intent, volume, maxMoves, maxExpiries, keepMs: keep * dayMs, before: 'metrics.finer' };
    return { facts: factsOf(partitions, { servers, finer }), of: noBackup ? { ...of, noBackup: 'a lab' } : of };
  });

const draft = (of: TierIntent, facts: TierFacts) => {
  const planning = planTier(of, facts);
  if (!planning.ok) throw new Error('the world has no finding of the whole table');
  return planning.draft;
};
const at = (facts: TierFacts, id: string): TierPartition => {
  const found = facts.partitions.find((one) => one.id === id);
  if (!found) throw new Error(`the plan names ${id}, which is not there`);
  return found;
};

test('never expires before the retention is over, never an open partition, never without an equal roll-up and a backup', () => {
  let seen = 0;
  fc.assert(
    fc.property(world, ({ facts, of }) => {
      for (const { partition: id } of draft(of, facts).data.expiries) {
        seen += 1;
        const { newestWriteMs, rollup: reading, backup } = at(facts, id);
        expect((tierSpan(id, "DateTime('UTC')")?.untilMs ?? Infinity) + of.keepMs).toBeLessThanOrEqual(nowMs);
        expect(nowMs - newestWriteMs).toBeGreaterThanOrEqual(of.closedAfterMs);
        expect(reading && compareRollup(reading).equal).toBe(true);
        expect(of.noBackup !== undefined || backup?.known === true).toBe(true);
        expect(facts.servers.some(({ ttl }) => ttl !== undefined && ttl.deletes.length > 0)).toBe(false);
        expect(facts.finer).not.toContain(id);
      }
    }),
    { numRuns: 2_000 },
  );
  expect(seen).toBeGreaterThan(200);
});

test('never moves an open or a due partition, nor one whose digest is unknown; never beyond the room of a volume', () => {
  let seen = 0;
  fc.assert(
    fc.property(world, ({ facts, of }) => {
      const taken = new Map<string, number>();
      for (const { partition: id, server, digest, volume } of draft(of, facts).data.moves) {
        seen += 1;
        const { newestWriteMs, copies } = at(facts, id);
        expect(nowMs - newestWriteMs).toBeGreaterThanOrEqual(of.closedAfterMs);
        const untilMs = tierSpan(id, "DateTime('UTC')")?.untilMs ?? 0;
        expect(untilMs).toBeLessThanOrEqual(nowMs);
        expect(untilMs + of.keepMs).toBeGreaterThan(nowMs);
        expect(digest.rows).toBeGreaterThan(0);
        const { bytesOn = {} } = copies.find((copy) => copy.server === server) ?? {};
        const bytes = Object.entries(bytesOn).reduce((sum, [disk, held]) => sum + (disk === volume ? 0 : held), 0);
        expect(bytes).toBeGreaterThan(0);
        taken.set(server, (taken.get(server) ?? 0) + bytes);
      }
      for (const bytes of taken.values()) expect(bytes).toBeLessThanOrEqual(1_000 - 2_000 * of.reserve);
    }),
    { numRuns: 2_000 },
  );
  expect(seen).toBeGreaterThan(200);
});

test('does not do more than a run may, whatever the order of the facts; planned again after it was done it gives no other move', () => {
  fc.assert(
    fc.property(world, ({ facts, of }) => {
      const { data, ...words } = draft(of, facts);
      expect(data.moves.length).toBeLessThanOrEqual(of.maxMoves);
      expect(data.expiries.length).toBeLessThanOrEqual(of.maxExpiries);
      expect(draft(of, { ...facts, partitions: [...facts.partitions].reverse() })).toEqual({ data, ...words });
      // What is neither planned nor kept is accounted for.
      const { due } = tierCandidates(of, facts);
      const spoken = [
        ...data.expiries.map((one) => one.partition),
        ...words.warnings.map((text) => text.split(' ')[0]),
      ];
      for (const id of due) expect(spoken).toContain(id);
      const after = carriedOut(facts, of, data);
      const again = draft({ ...of, maxMoves: 100, maxExpiries: 100 }, after).data;
      const before = draft({ ...of, maxMoves: 100, maxExpiries: 100 }, facts).data;
      const key = (move: { server: string; partition: string }) => `${move.server} ${move.partition}`;
      for (const move of again.moves) expect(before.moves.map(key)).toContain(key(move));
      for (const move of data.moves) expect(again.moves.map(key)).not.toContain(key(move));
      for (const { partition: id } of data.expiries)
        expect(again.expiries.map((one) => one.partition)).not.toContain(id);
    }),
    { numRuns: 1_000 },
  );
});

test('runs that follow one another come to an end with nothing left to do', () => {
  fc.assert(
    fc.property(world, ({ facts, of }) => {
      let now = facts;
      for (let runs = 0; runs < 40; runs += 1) {
        const { data } = draft(of, now);
        if (data.idle) return;
        now = carriedOut(now, of, data);
      }
      expect(draft(of, now).data.idle).toBe(true);
    }),
    { numRuns: 500 },
  );
});

/** The facts after a plan was carried out: TTLs that delete are off, expired ones gone, moved ones on their volume, whose room they take. */
function carriedOut(
  facts: TierFacts,
  of: TierIntent,
  data: Pick<TierData, 'aligns' | 'moves' | 'expiries'>,
): TierFacts {
  const gone = new Set(data.expiries.map(({ partition: id }) => id));
  const moved = (id: string, server: string) => data.moves.some((one) => one.partition === id && one.server === server);
  const total = (bytesOn: Readonly<Record<string, number>>) =>
    Object.values(bytesOn).reduce((sum, one) => sum + one, 0);
  const took = new Map<string, number>();
  const partitions = facts.partitions
    .filter(({ id }) => !gone.has(id))
    .map((one) => ({
      ...one,
      copies: one.copies.map((copy) => {
        if (!moved(one.id, copy.server)) return copy;
        const already = copy.bytesOn[of.volume] ?? 0;
        took.set(copy.server, (took.get(copy.server) ?? 0) + total(copy.bytesOn) - already);
        return { ...copy, bytesOn: { [of.volume]: total(copy.bytesOn) } };
      }),
    }));
  const aligned = facts.servers.map(({ ttl, ...server }) =>
    ttl && !data.aligns.some((one) => one.server === server.name) ? { ...server, ttl } : server,
  );
  const servers = aligned.map((server) => {
    if (!server.storage) return server;
    const free = server.storage.disks.map((disk) =>
      disk.name === of.volume ? { ...disk, freeBytes: disk.freeBytes - (took.get(server.name) ?? 0) } : disk,
    );
    return { ...server, storage: { ...server.storage, disks: free } };
  });
  return { ...facts, partitions, servers };
}
