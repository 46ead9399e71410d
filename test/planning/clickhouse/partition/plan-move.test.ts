import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../../src/runs/index.ts';
import type {
  MoveFacts,
  MoveIntent,
  MoveServerFacts,
  MoveServerReading,
} from '../../../../src/planning/clickhouse/index.ts';
import { planMove } from '../../../../src/planning/clickhouse/index.ts';

const hourMs = 3_600_000;
const intent: MoveIntent = {
  fence: { kind: 'command' },
  closedAfterMs: 24 * hourMs,
  maxPartitionBytes: 50e9,
  retainMs: 72 * hourMs,
};
const input = { cluster: 'metrics', table: 'db.events', partition: '20260101', from: 1, to: 2 };

function reading(change: Partial<MoveServerReading> = {}): MoveServerReading {
  return {
    ...{ structure: 'n UInt64', engine: 'ReplicatedMergeTree', zookeeperPath: '/t/01/events', leader: false },
    ...{
      readOnly: false,
      sessionExpired: false,
      queued: 0,
      totalReplicas: 2,
      activeReplicas: 2,
      mutations: 0,
      capsFetches: false,
    },
    ...{ detached: false, rows: 100, bytes: 1_000, parts: 3, quietSeconds: (48 * hourMs) / 1_000 },
    ...change,
  };
}
const none = { rows: 0, bytes: 0, parts: 0, zookeeperPath: '/t/02/events' };

type Change = Readonly<Record<string, Partial<MoveServerReading> | { problem: MoveServerFacts['problem'] }>>;

function facts(changes: Change = {}): MoveFacts {
  const server = (name: string, base: Partial<MoveServerReading>): MoveServerFacts => {
    const change = changes[name] ?? {};
    if ('problem' in change && change.problem) return { name, problem: change.problem };
    return { name, reading: reading({ ...base, ...(change as Partial<MoveServerReading>) }) };
  };
  return {
    source: [server('s1r1', {}), server('s1r2', { leader: true })],
    target: [server('s2r1', { ...none, leader: true }), server('s2r2', none)],
  };
}

const codes = (changes: Change, change: Partial<MoveIntent> = {}): string[] => {
  const planned = planMove({ ...intent, ...change }, facts(changes), input);
  return planned.ok ? [] : planned.findings.map(({ code, place }) => (place ? `${code}@${place}` : code));
};
const draft = (changes: Change = {}) => {
  const planned = planMove(intent, facts(changes), input);
  if (planned.ok) return planned.draft;
  throw new Error(planned.findings.map(({ message }) => message).join('; '));
};

describe('the plan of a move', () => {
  test('compares the rows of replicas, unless rows come while it reads', () => {
    const behind: Change = { s1r2: { rows: 99 }, s2r1: { rows: 1 } };
    expect(codes(behind)).toEqual(['CLICKHOUSE_REPLICAS_DIFFER', 'CLICKHOUSE_REPLICAS_DIFFER']);
    expect(codes(behind, { underWrites: true })).toEqual([]);
  });

  test('pins the leader of each shard, and goes on only from the cutover', () => {
    const { data, actions, irreversible } = draft();
    expect(data.source).toMatchObject({ shard: 1, server: 's1r2', others: ['s1r1'], zookeeperPath: '/t/01/events' });
    expect(data.target).toMatchObject({ shard: 2, server: 's2r1', others: ['s2r2'], zookeeperPath: '/t/02/events' });
    expect(data.name).toEqual({ database: 'db', table: 'events' });
    const at = actions.findIndex(({ step }) => step === 'clickhouse.cut-over');
    expect(actions.map(({ reversible }) => reversible)).toEqual(actions.map((_, index) => index < at));
    expect(irreversible.join()).toContain('point of no return');
  });

  test('says which way back there will be: by a drop while the target has no such rows, else by a move', () => {
    expect(draft().data.wayBack).toBe('undo-move');
    const own = { rows: 7, bytes: 9, parts: 1, quietSeconds: 1e9 };
    const reverse = draft({ s2r1: own, s2r2: own });
    expect(reverse.data.wayBack).toBe('reverse-move');
    expect(reverse.irreversible.join()).toContain('a move of the whole partition');
  });

  test.each<[string, Change, string[]]>([
    [
      'a server that is down',
      { s2r2: { problem: { code: 'CLICKHOUSE_UNREACHABLE', message: 'no' } } },
      ['CLICKHOUSE_UNREACHABLE@s2r2'],
    ],
    ['a read-only replica', { s1r1: { readOnly: true } }, ['CLICKHOUSE_TABLE_READ_ONLY@s1r1']],
    ['a lost session', { s2r1: { sessionExpired: true } }, ['CLICKHOUSE_TABLE_READ_ONLY@s2r1']],
    ['a long queue', { s1r1: { queued: 21 } }, ['CLICKHOUSE_REPLICA_BEHIND@s1r1']],
    ['a replica away', { s1r1: { activeReplicas: 1 } }, ['CLICKHOUSE_REPLICA_BEHIND@s1r1']],
    ['a running mutation', { s2r2: { mutations: 1 } }, ['CLICKHOUSE_MUTATION_RUNNING@s2r2']],
    ['another structure', { s2r2: { structure: 'n UInt32' } }, ['CLICKHOUSE_STRUCTURE_DIFFERS@s2r2']],
    ['foreign detached parts at the source', { s1r1: { detached: true } }, ['CLICKHOUSE_ALREADY_DETACHED@s1r1']],
    ['too many parts', { s1r1: { parts: 1_001 } }, ['CLICKHOUSE_MERGE_FIRST']],
    ['too many bytes', { s1r1: { bytes: 51e9 } }, ['CLICKHOUSE_PARTITION_TOO_BIG']],
    ['an open partition', { s1r2: { quietSeconds: 60 } }, ['CLICKHOUSE_PARTITION_OPEN']],
    ['a part that its server dates in its future', { s1r2: { quietSeconds: -1 } }, ['CLICKHOUSE_PARTITION_OPEN']],
    ['replicas that differ', { s1r2: { rows: 99 } }, ['CLICKHOUSE_REPLICAS_DIFFER']],
    ['no room', { s2r2: { freeBytes: 1_000 } }, ['CLICKHOUSE_NO_ROOM@s2r2']],
    ['nothing to move', { s1r1: none, s1r2: none }, ['CLICKHOUSE_PARTITION_UNKNOWN']],
    [
      'several at once',
      { s1r1: { readOnly: true, detached: true }, s2r1: { mutations: 2 } },
      ['CLICKHOUSE_TABLE_READ_ONLY@s1r1', 'CLICKHOUSE_MUTATION_RUNNING@s2r1', 'CLICKHOUSE_ALREADY_DETACHED@s1r1'],
    ],
  ])('is refused for %s', (_, changes, expected) => {
    expect(codes(changes)).toEqual(expected);
  });

  test('warns where the servers that fetch cannot cap what that takes, and reckons with the cap where they can', () => {
    const capped = { ...intent, maxFetchBytesPerSecond: 20e6 };
    const made = (changes: Change) => {
      const planned = planMove(capped, facts(changes), input);
      if (!planned.ok) throw new Error(JSON.stringify(planned.findings));
      return planned.draft;
    };
    expect(made({}).warnings).toContainEqual(expect.stringContaining('s2r1 and s2r2 cannot cap'));
    expect(made({ s2r1: { capsFetches: true } }).warnings).toContainEqual(
      expect.stringContaining('20 MB/s cannot be kept: s2r2 cannot cap'),
    );
    const both = made({ s2r1: { capsFetches: true }, s2r2: { capsFetches: true } });
    expect(both.warnings).toEqual([]);
    expect(both.facts.map(({ label }) => label)).toContain('copying, at 20 MB/s');
    expect(made({}).facts.map(({ label }) => label)).toContain('copying, at 100 MB/s');
  });

  test('asks of a quiet fence that the partition has been quiet for that long', () => {
    const quiet = { fence: { kind: 'quiet', forMs: 72 * hourMs } } as const;
    expect(codes({}, quiet)).toEqual(['CLICKHOUSE_PARTITION_OPEN']);
    expect(codes({}, { fence: { kind: 'quiet', forMs: hourMs } })).toEqual([]);
  });

  test('is refused between a shard and itself, and for a shard that is not there', () => {
    const same = planMove(intent, facts(), { ...input, to: 1 });
    expect(same).toMatchObject({ ok: false, findings: [{ code: 'INVALID_INPUT', place: 'to' }] });
    const gone = planMove(intent, { ...facts(), target: [] }, { ...input, to: 7 });
    expect(gone).toMatchObject({ ok: false, findings: [{ code: 'INVALID_INPUT', place: 'shard 7' }] });
  });

  test('refuses to bring rows together that an engine would merge, and takes digests as if merged', () => {
    const engine = 'ReplicatedReplacingMergeTree';
    const all = { s1r1: { engine }, s1r2: { engine }, s2r1: { engine }, s2r2: { engine } };
    expect(draft(all).data.final).toBe(true);
    const own = { engine, rows: 1, bytes: 1, parts: 1 };
    expect(codes({ ...all, s2r1: own, s2r2: own })).toEqual(['CLICKHOUSE_ENGINE_UNSUPPORTED']);
    expect(codes({ ...all, s2r1: { engine: 'MergeTree' } })).toContain('CLICKHOUSE_ENGINE_UNSUPPORTED');
  });

  test('is the same plan while bytes, rows, queues and free space move by themselves', () => {
    const moving = fc.record({ rows: fc.nat(1e9), bytes: fc.nat(1e9), parts: fc.integer({ min: 1, max: 1_000 }) });
    const busy = fc.record({ queued: fc.nat(20), freeBytes: fc.integer({ min: 2e9, max: 9e9 }) });
    const lasting = (made: ReturnType<typeof draft>): string => canonicalJson({ ...made, facts: [], warnings: [] });
    fc.assert(
      fc.property(moving, busy, busy, (source, one, two) => {
        const again = draft({
          ...{ s1r1: { ...source, ...one }, s1r2: { ...source, ...two } },
          ...{ s2r1: { ...none, ...one }, s2r2: { ...none, ...two } },
        });
        expect(lasting(again)).toBe(lasting(draft()));
      }),
    );
  });

  test('never pins a server that did not answer, and is never made over one that is not healthy', () => {
    const state = fc.record({
      readOnly: fc.boolean(),
      mutations: fc.nat(1),
      detached: fc.boolean(),
      activeReplicas: fc.integer({ min: 1, max: 2 }),
    });
    fc.assert(
      fc.property(fc.record({ s1r1: state, s1r2: state, s2r1: state, s2r2: state }), (changes) => {
        const planned = planMove(intent, facts(changes), input);
        const bad = Object.entries(changes).filter(
          ([name, { readOnly, mutations, detached, activeReplicas }]) =>
            readOnly || mutations > 0 || activeReplicas < 2 || (detached && name.startsWith('s1')),
        );
        expect(planned.ok).toBe(bad.length === 0);
        if (planned.ok) return;
        for (const [name] of bad) expect(planned.findings.map(({ place }) => place)).toContain(name);
      }),
    );
  });
});
