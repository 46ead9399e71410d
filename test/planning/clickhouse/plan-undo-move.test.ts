import { describe, expect, test } from 'vitest';
import type { MoveFacts, MoveIntent, MovedBefore, MoveServerReading } from '../../../src/planning/clickhouse/index.ts';
import { planUndoMove } from '../../../src/planning/clickhouse/index.ts';

const intent: MoveIntent = {
  fence: { kind: 'quiet', forMs: 600_000 },
  closedAfterMs: 86_400_000,
  maxPartitionBytes: 50e9,
  retainMs: 72 * 3_600_000,
};
const input = { cluster: 'metrics', table: 'db.events', partition: '20260101' };
const moved: MovedBefore = {
  source: { shard: 1, server: 's1r1', others: ['s1r2'], zookeeperPath: '/t/01/events' },
  target: { shard: 2, server: 's2r1', others: ['s2r2'], zookeeperPath: '/t/02/events' },
  final: false,
  wayBack: 'undo-move',
  digest: { rows: 100 },
};
const nowMs = Date.UTC(2026, 1, 1);
/** As a move leaves them: shard 1 has it detached, shard 2 has just got it. */
function facts(change: Readonly<Record<string, Partial<MoveServerReading>>> = {}): MoveFacts {
  const server = (name: string, base: Partial<MoveServerReading>) => ({
    name,
    reading: {
      ...{ structure: 'n UInt64', engine: 'ReplicatedMergeTree', zookeeperPath: '/t', leader: true, readOnly: false },
      ...{ sessionExpired: false, queued: 0, totalReplicas: 2, activeReplicas: 2, mutations: 0, detached: false },
      ...{ rows: 0, bytes: 0, parts: 0, modifiedSeconds: nowMs / 1_000 },
      ...base,
      ...change[name],
    },
  });
  const got = { rows: 100, bytes: 1_000, parts: 2 };
  return {
    nowMs,
    source: [server('s1r1', { detached: true }), server('s1r2', { detached: true })],
    target: [server('s2r1', got), server('s2r2', got)],
  };
}
const findings = (given: MoveFacts, change: Partial<MovedBefore> = {}) => {
  const planned = planUndoMove(intent, given, input, { ...moved, ...change });
  return planned.ok ? [] : planned.findings;
};

describe('the plan of the way back', () => {
  test('exchanges the sides, keeps the pinned servers, and says that totals are doubled for longer', () => {
    const planned = planUndoMove(intent, facts(), input, moved);
    if (!planned.ok) throw new Error(JSON.stringify(planned.findings));
    const { data, actions, warnings } = planned.draft;
    expect(data).toMatchObject({ source: moved.target, target: moved.source, wayBack: 'reverse-move' });
    const at = actions.findIndex(({ step }) => step === 'clickhouse.cut-over');
    expect(actions.map(({ reversible }) => reversible)).toEqual(actions.map((_, index) => index < at));
    expect(warnings.join()).toContain('twice');
  });

  test.each<[string, MoveFacts, Partial<MovedBefore>]>([
    ['the target had rows of its own', facts(), { wayBack: 'reverse-move' }],
    ['the target got a row since', facts({ s2r1: { rows: 101 }, s2r2: { rows: 101 } }), {}],
    ['the target lost a row since', facts({ s2r1: { rows: 99 }, s2r2: { rows: 99 } }), {}],
    ['the source has not kept its parts', facts({ s1r1: { detached: false } }), {}],
  ])('is refused when %s, and names the move back as the way', (_, given, change) => {
    const found = findings(given, change);
    expect(new Set(found.map(({ code }) => code))).toEqual(new Set(['CLICKHOUSE_UNDO_UNSAFE']));
    for (const { message } of found) expect(message).toContain('move it from shard 2 to shard 1 instead');
  });

  test('is refused over servers that are not healthy', () => {
    expect(findings(facts({ s1r2: { readOnly: true }, s2r2: { mutations: 1 } })).map(({ code }) => code)).toEqual(
      expect.arrayContaining(['CLICKHOUSE_TABLE_READ_ONLY', 'CLICKHOUSE_MUTATION_RUNNING']),
    );
  });
});
