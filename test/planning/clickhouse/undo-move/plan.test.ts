import { describe, expect, test } from 'vitest';
import type {
  MoveFacts,
  MoveIntent,
  MovedBefore,
  MoveServerReading,
} from '../../../../src/planning/clickhouse/index.ts';
import { planUndoMove } from '../../../../src/planning/clickhouse/index.ts';

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
const longAgo = (2 * intent.closedAfterMs) / 1_000;
/** As a move leaves them, seen from the way back: shard 2 has the partition, shard 1 has it detached. */
function facts(change: Readonly<Record<string, Partial<MoveServerReading>>> = {}): MoveFacts {
  const server = (name: string, base: Partial<MoveServerReading>) => ({
    name,
    reading: {
      ...{ structure: 'n UInt64', engine: 'ReplicatedMergeTree', zookeeperPath: '/t', leader: true, readOnly: false },
      ...{
        sessionExpired: false,
        queued: 0,
        totalReplicas: 2,
        activeReplicas: 2,
        mutations: 0,
        detached: false,
        capsFetches: false,
      },
      ...{ rows: 0, bytes: 0, parts: 0, quietSeconds: longAgo },
      ...base,
      ...change[name],
    },
  });
  const got = { rows: 100, bytes: 1_000, parts: 2 };
  return {
    source: [server('s2r1', got), server('s2r2', got)],
    target: [server('s1r1', { detached: true }), server('s1r2', { detached: true })],
  };
}
type Asked = { change?: Partial<MovedBefore>; reverse?: boolean; keys?: object };
const plan = (given: MoveFacts, { change = {}, reverse = false, keys }: Asked = {}) =>
  planUndoMove(
    { ...intent, ...(keys ? { keys } : {}) },
    given,
    { ...input, ...(reverse ? { reverse } : {}) },
    { ...moved, ...change },
  );
const draft = (given: MoveFacts, asked: Asked = {}) => {
  const planned = plan(given, asked);
  if (planned.ok) return planned.draft;
  throw new Error(JSON.stringify(planned.findings));
};
const codes = (given: MoveFacts, asked: Asked = {}): string[] => {
  const planned = plan(given, asked);
  return planned.ok ? [] : planned.findings.map(({ code }) => code);
};
const both = (reading: Partial<MoveServerReading>) => ({ s2r1: reading, s2r2: reading });

describe('the plan of the way back', () => {
  test('by what was kept exchanges the sides, keeps the pinned servers, and says that totals are doubled for longer', () => {
    const { data, actions, warnings, title } = draft(facts());
    expect(data).toMatchObject({
      way: 'detached',
      source: moved.target,
      target: moved.source,
      wayBack: 'reverse-move',
    });
    const at = actions.findIndex(({ step }) => step === 'clickhouse.cut-over');
    expect(actions.map(({ reversible }) => reversible)).toEqual(actions.map((_, index) => index < at));
    expect(title).toContain('s1r1 attaches what it kept');
    expect(warnings.join()).toContain('twice');
  });

  test.each<[string, MoveFacts, Asked, string]>([
    ['the target had rows of its own', facts(), { change: { wayBack: 'reverse-move' } }, 'told apart'],
    ['the target got a row since', facts(both({ rows: 101 })), {}, '101 rows of 20260101, and 100 were moved'],
    ['the target lost a row since', facts(both({ rows: 99 })), {}, '99 rows of 20260101, and 100 were moved'],
    ['the source has not kept its parts', facts({ s1r1: { detached: false } }), {}, 's1r1 has not kept its parts'],
    ['it is asked for', facts(), { reverse: true }, 'asked for'],
  ])('is a move of the whole partition when %s, and says so and why', (_, given, asked, why) => {
    const { data, title, actions, facts: shown } = draft(given, asked);
    const rows = given.source[0]?.reading?.rows;
    expect(data).toEqual({
      ...{ way: 'reverse-move', rows },
      move: { ...input, from: 2, to: 1, back: {} },
    });
    expect(title).toContain('by a move in the other direction');
    expect(actions).toMatchObject([{ step: 'clickhouse.move', reversible: false }]);
    expect(shown.filter(({ label }) => label.startsWith('why not')).map(({ value }) => value)).toEqual([
      expect.stringContaining(why),
    ]);
  });

  test('as a move says how many rows that never were moved go too, and what the shard has then', () => {
    const { facts: shown, warnings } = draft(
      facts({ ...both({ rows: 130 }), s1r1: { detached: true, rows: 5 }, s1r2: { rows: 5 } }),
    );
    expect(shown).toContainEqual({ label: 'of them beyond what was moved', value: '30' });
    expect(shown).toContainEqual({ label: 'rows on shard 1 afterwards', value: '135' });
    expect(warnings.join()).toContain('attached by hand');
  });

  test('as a move tells its run which blocks were moved there, so that they count as no write', () => {
    const blocks = { from: 7, to: 9, rows: 100 };
    const { data } = draft(facts(), { reverse: true, change: { blocks } });
    expect(data).toMatchObject({ move: { back: { moved: blocks } } });
  });

  test('as a move waits like any other for what was written since; what was kept is attached at once', () => {
    const young = facts(both({ quietSeconds: 60 }));
    expect(codes(young)).toEqual([]);
    expect(codes(young, { reverse: true })).toEqual(['CLICKHOUSE_PARTITION_OPEN', 'CLICKHOUSE_UNDO_UNSAFE']);
  });

  test('as a move bears parts that its source has detached before, and has no such way back itself', () => {
    const asked = { reverse: true };
    expect(codes(facts({ s2r2: { detached: true } }), asked)).toEqual([]);
    expect(draft(facts({ s2r2: { detached: true } }), asked).irreversible.join()).toContain('going back is a move');
    expect(draft(facts({ s2r2: { detached: true } }), asked).warnings.join()).toContain('an operator must attach');
  });

  test('is none once the partition is gone from there, nor where rows are placed by a key', () => {
    expect(codes(facts(both({ rows: 0 })))).toEqual(['CLICKHOUSE_PARTITION_UNKNOWN']);
    expect(codes(facts(), { keys: { column: 'customer' } })).toEqual(['CLICKHOUSE_KEY_SHARDED']);
  });

  test('is refused over servers that are not healthy, and over replicas that differ, either way', () => {
    const ill = facts({ s1r2: { readOnly: true, detached: true }, s2r2: { mutations: 1, rows: 99 } });
    for (const reverse of [false, true]) {
      expect(codes(ill, { reverse })).toEqual(
        expect.arrayContaining([
          'CLICKHOUSE_TABLE_READ_ONLY',
          'CLICKHOUSE_MUTATION_RUNNING',
          'CLICKHOUSE_REPLICAS_DIFFER',
        ]),
      );
    }
  });
});
