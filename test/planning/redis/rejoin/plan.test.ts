import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { canonicalJson } from '../../../../src/runs/index.ts';
import type { GroupFacts, NodeReading, RedundancyFacts, RejoinIntent } from '../../../../src/planning/redis/index.ts';
import { planRedundancy, planRejoin } from '../../../../src/planning/redis/index.ts';
import { addresses, facts, intent as base } from '../facts.ts';

const soakMs = 60_000;
const hooks = { keep: { name: 'keep-data' }, start: { name: 'start-unit' } };
const intent: RejoinIntent = { ...base, failover: {}, rejoin: hooks };
const down = { problem: { code: 'REDIS_UNREACHABLE', message: 'no connection' } } as const;

/** After a failover: r2 is primary, r3 follows it, r1 is as given (back as a primary unless said otherwise). */
function after(r1: Parameters<typeof facts>[0] & object = {}, rest: Partial<GroupFacts> = {}): GroupFacts {
  return facts(
    {
      r1: { epoch: 3, keys: 1_000 },
      r2: {
        role: 'primary',
        linkUp: false,
        epoch: 5,
        replid: 'b'.repeat(40),
        replid2: 'a'.repeat(40),
        secondOffset: 100,
      },
      r3: { follows: addresses.r2, replid: 'b'.repeat(40), epoch: 5 },
      ...r1,
    },
    { discovery: { kind: 'entry', primary: addresses.r2, epoch: 5 }, ...rest },
  );
}

const rejoin = (given: GroupFacts, node = 'r1', change: Partial<RejoinIntent> = {}) =>
  planRejoin({ ...intent, ...change }, given, { group: 'sessions', node }, soakMs);
const restore = (given: RedundancyFacts, change: Partial<RejoinIntent> = {}) =>
  planRedundancy({ ...intent, ...change }, given, { group: 'sessions' }, soakMs);
const codes = (planned: ReturnType<typeof rejoin> | ReturnType<typeof restore>): string[] =>
  planned.ok ? [] : planned.findings.map(({ code, place }) => (place ? `${code}@${place}` : code));
const draft = (planned: ReturnType<typeof rejoin>) => {
  if (planned.ok) return planned.draft;
  throw new Error(planned.findings.map(({ message }) => message).join('; '));
};
const draftR = (planned: ReturnType<typeof restore>) => {
  if (planned.ok) return planned.draft;
  throw new Error(planned.findings.map(({ message }) => message).join('; '));
};

describe('the plan of a rejoin', () => {
  test('of an old primary that is back: refuse writes, keep, follow, prove; the irreversible in words', () => {
    const { actions, irreversible, needsApproval, data } = draft(rejoin(after()));
    expect(actions.map(({ step }) => step)).toEqual([
      'redis.quarantine',
      'redis.keep-data',
      'redis.start-node',
      'redis.follow',
      'redis.catch-up',
      'redis.restore-write-safety',
      'redis.prove-roles',
      'redis.check-replication',
    ]);
    expect(irreversible.join(' ')).toMatch(/what it has and r2 hasn't is discarded/);
    expect(needsApproval).toEqual([]);
    expect(data).toMatchObject({
      candidate: { name: 'r2' },
      siblings: [{ name: 'r1' }, { name: 'r3' }],
      idle: false,
      join: { node: { name: 'r1' }, mayDiscard: true },
    });
  });

  test('of one that is down starts it', () => {
    const steps = draft(rejoin(after({ r1: down }))).actions.map(({ step }) => step);
    expect(steps).toEqual(expect.arrayContaining(['redis.keep-data', 'redis.start-node']));
    const warnings = draft(rejoin(after({ r1: down }), 'r1', { rejoin: {} })).warnings.join(' ');
    expect(warnings).toMatch(/no hook that starts r1: the run parks/);
  });

  test('of one that is down warns that it needs its boot guard, and asks nobody for that', () => {
    const { warnings, needsApproval } = draft(rejoin(after({ r1: down })));
    expect(warnings.join(' ')).toMatch(/r1 must be started behind its boot guard/);
    expect(needsApproval).toEqual([]);
    expect(draftR(restore(after({ r1: down }))).warnings.join(' ')).toMatch(/r1 must be started behind its boot guard/);
    expect(draft(rejoin(after())).warnings.join(' ')).not.toMatch(/boot guard/);
  });

  test('announces no step that the workflow has not: an empty primary is refused its writes by redis.start-node', () => {
    const steps = draftR(restore(after({ r1: { keys: 0 } }))).actions.map(({ step }) => step);
    expect(steps.slice(0, 3)).toEqual(['redis.start-node', 'redis.follow', 'redis.catch-up']);
  });

  test('without a hook that keeps its data needs an approval that says so', () => {
    expect(draft(rejoin(after(), 'r1', { rejoin: {} })).needsApproval).toEqual([
      expect.stringMatching(/no hook keeps the data of r1.*gone for good/),
    ]);
    expect(
      draft(rejoin(after({ r1: { role: 'replica', follows: addresses.r3 } }), 'r1', { rejoin: {} })).needsApproval,
    ).toEqual([]);
  });

  test('of a node that knows a later epoch than the primary needs an approval', () => {
    expect(draft(rejoin(after({ r1: { epoch: 9 } }))).needsApproval?.[0]).toMatch(/later epoch \(9\) than r2 \(5\)/);
  });

  test('of a sound replica is empty', () => {
    const sound = { role: 'replica', follows: addresses.r2, linkUp: true, epoch: 5 } as const;
    const { actions, title, data } = draft(rejoin(after({ r1: sound })));
    expect({ actions, idle: data.idle }).toEqual({ actions: [], idle: true });
    expect(title).toMatch(/^Nothing to do/);
  });

  test('of a sound replica that still refuses writes restores its write safety', () => {
    const writeSafety = { minReplicasToWrite: 99, minReplicasMaxLagSeconds: 10 };
    const sound = { role: 'replica', follows: addresses.r2, linkUp: true, epoch: 5, writeSafety } as const;
    const { actions } = draft(rejoin(after({ r1: sound })));
    expect(actions.map(({ step }) => step)).toContain('redis.restore-write-safety');
  });

  test('says whether a whole copy is likely', () => {
    const copyOf = (reading: Partial<NodeReading>): string | undefined =>
      draft(rejoin(after({ r1: reading }))).facts.find(({ label }) => label === 'copy')?.value;
    expect(copyOf({ replid: 'a'.repeat(40), offset: 99 })).toMatch(/^partial/);
    expect(copyOf({ replid: 'a'.repeat(40), offset: 100 })).toMatch(/^a full copy/);
    expect(copyOf({ replid: 'c'.repeat(40), offset: 10 })).toMatch(/^a full copy/);
  });

  test('leaves another node that is not sound as it is, and counts only sound replicas', () => {
    const { data, warnings } = draft(rejoin(after({ r3: down })));
    expect(data.siblings.map(({ name }) => name)).toEqual(['r1']);
    expect(warnings.join(' ')).toMatch(/r3 is left as it is/);
  });

  test.each([
    ['an unknown node', after(), 'r9', 'REDIS_UNKNOWN_NODE@node'],
    ['the present primary', after(), 'r2', 'REDIS_ALREADY_PRIMARY@node'],
    ['one with a replica linked to it', after({ r1: { replicas: [addresses.r3] } }), 'r1', 'REDIS_SPLIT_BRAIN@r1'],
    [
      'one that was promoted from the primary',
      after({ r1: { replid2: 'b'.repeat(40) } }),
      'r1',
      'REDIS_SPLIT_BRAIN@r1',
    ],
    [
      'one that is loading',
      after({ r1: { problem: { code: 'REDIS_LOADING', message: 'x' } } }),
      'r1',
      'REDIS_LOADING@r1',
    ],
    ['one without a config file', after({ r1: { hasConfigFile: false } }), 'r1', 'REDIS_NO_CONFIG_FILE@r1'],
    [
      'one that takes writes as a replica',
      after({ r1: { readOnlyAsReplica: false } }),
      'r1',
      'REDIS_UNSAFE_SETTING@r1',
    ],
    [
      'a discovery that names the old one',
      after({}, { discovery: { kind: 'entry', primary: addresses.r1, epoch: 3 } }),
      'r3',
      '',
    ],
    [
      'a discovery that names a replica',
      after({}, { discovery: { kind: 'entry', primary: addresses.r3, epoch: 3 } }),
      'r1',
      'DISCOVERY_DISAGREES@discovery',
    ],
    [
      'a discovery that knows nothing',
      after({}, { discovery: { kind: 'nothing' } }),
      'r1',
      'DISCOVERY_DISAGREES@discovery',
    ],
    ['no primary at all', after({ r1: down, r2: { role: 'replica' } }), 'r1', 'REDIS_NO_PRIMARY'],
    ['a primary that does not answer', after({ r2: down }), 'r1', 'REDIS_UNREACHABLE@r2'],
    [
      'Sentinels that nobody named',
      after({ r2: { role: 'primary', sentinelListens: true } }),
      'r1',
      'REDIS_SENTINEL_PRESENT@r2',
    ],
  ] as const)('is refused for %s', (_what, given, node, code) => {
    if (code === '') expect(draft(rejoin(given, node)).data.candidate.name).toBe('r1');
    else expect(codes(rejoin(given, node))).toContain(code);
  });
});

describe('the plan of a restored redundancy', () => {
  test('brings back what is astray, then what is empty, then what is down', () => {
    const given = after({ r1: { role: 'primary', keys: 0, epoch: 0 }, r3: { follows: addresses.r1, linkUp: false } });
    const { data, actions } = draftR(restore(given));
    expect(data.joins.map(({ node, mayDiscard }) => [node.name, mayDiscard])).toEqual([
      ['r3', false],
      ['r1', false],
    ]);
    expect(actions.filter(({ step }) => step === 'redis.follow')).toHaveLength(2);
    const both = draftR(restore(after({ r1: down, r3: { follows: addresses.r1, linkUp: false } })));
    expect(both.data.joins.map(({ node }) => node.name)).toEqual(['r3', 'r1']);
  });

  test('has nothing to do for a whole group, and takes a deviation of the write safety back', () => {
    const whole = { r1: { role: 'replica', follows: addresses.r2, linkUp: true, epoch: 5 } } as const;
    expect(draftR(restore(after(whole))).data.idle).toBe(true);
    const off = { minReplicasToWrite: 0, minReplicasMaxLagSeconds: 10 };
    const r2 = { role: 'primary', linkUp: false, epoch: 5, replid: 'b'.repeat(40), writeSafety: off } as const;
    const { data, title } = draftR(restore(after({ ...whole, r2 })));
    expect(data).toMatchObject({ idle: false, joins: [] });
    expect(title).toMatch(/write safety/);
  });

  test('refuses a node with data that says primary: that is a rejoin', () => {
    expect(codes(restore(after()))).toEqual(['REDIS_OLD_PRIMARY@r1']);
  });

  test('asks before it starts the primary of before the last failover', () => {
    const given = { ...after({ r1: down }), failedOver: { from: 'r1', epoch: 5 } };
    expect(draftR(restore(given)).needsApproval).toEqual([expect.stringMatching(/r1 was primary before the failover/)]);
    expect(draftR(restore(after({ r1: down }))).needsApproval).toEqual([]);
  });
});

/** Anything that may be wrong, or move, with a node. */
const reading: fc.Arbitrary<Partial<NodeReading>> = fc.record(
  {
    role: fc.constantFrom('primary', 'replica'),
    follows: fc.constantFrom(addresses.r1, addresses.r2, addresses.r3),
    replicas: fc.constantFrom([], [addresses.r3]),
    linkUp: fc.boolean(),
    syncInProgress: fc.boolean(),
    offset: fc.integer({ min: 0, max: 6_000_000 }),
    keys: fc.integer({ min: 0, max: 3 }),
    epoch: fc.integer({ min: 0, max: 9 }),
    replid: fc.constantFrom('a'.repeat(40), 'b'.repeat(40)),
    replid2: fc.constantFrom('a'.repeat(40), 'b'.repeat(40), '0'.repeat(40)),
    hasConfigFile: fc.boolean(),
    readOnlyAsReplica: fc.boolean(),
    sentinelListens: fc.boolean(),
  },
  { requiredKeys: [] },
);
const anyNode = fc.oneof({ arbitrary: reading, weight: 4 }, { arbitrary: fc.constant(down), weight: 1 });
const anyGroup = fc
  .record({
    nodes: fc.record({ r1: anyNode, r2: anyNode, r3: anyNode }, { requiredKeys: [] }),
    named: fc.constantFrom(addresses.r1, addresses.r2, addresses.r3, { host: '10.9.9.9', port: 1 }),
  })
  .map(({ nodes, named }) => facts(nodes, { discovery: { kind: 'entry', primary: named, epoch: 3 } }));
const anyName = fc.constantFrom('r1', 'r2', 'r3', 'r9');
const isOf = (given: GroupFacts, name: string) => given.nodes.find((node) => node.name === name)?.reading;

describe('whatever the facts', () => {
  test('a rejoin has a plan or a reason, and only for a node beside the primary that both name', () => {
    fc.assert(
      fc.property(anyGroup, anyName, (given, name) => {
        const planned = rejoin(given, name);
        if (!planned.ok) return void expect(planned.findings.length).toBeGreaterThan(0);
        const { candidate, join } = planned.draft.data;
        expect(given.discovery).toMatchObject({ primary: { host: candidate.host, port: candidate.port } });
        expect(isOf(given, candidate.name)?.role).toBe('primary');
        expect(join.node.name).toBe(name);
        expect(candidate.name).not.toBe(name);
        const mine = isOf(given, name);
        if (mine?.role === 'primary') expect(mine.replicas).toEqual([]);
      }),
    );
  });

  test('a restored redundancy touches each unsound node once, and never one that says primary and has data', () => {
    fc.assert(
      fc.property(anyGroup, (given) => {
        const planned = restore(given);
        if (!planned.ok) return void expect(planned.findings.length).toBeGreaterThan(0);
        const { candidate, siblings, joins, idle } = planned.draft.data;
        const touched = joins.map(({ node }) => node.name);
        expect(new Set(touched).size).toBe(touched.length);
        expect(touched).not.toContain(candidate.name);
        expect(siblings.map(({ name }) => name)).toEqual(['r1', 'r2', 'r3'].filter((name) => name !== candidate.name));
        for (const name of touched) {
          const mine = isOf(given, name);
          if (mine?.role === 'primary') expect(mine.keys).toBe(0);
        }
        for (const { name } of siblings.filter((one) => !touched.includes(one.name))) {
          expect(isOf(given, name)).toMatchObject({ role: 'replica', linkUp: true, syncInProgress: false });
        }
        if (idle) expect(touched).toEqual([]);
      }),
    );
  });

  test('offsets and keys that move under load change nothing that is hashed', () => {
    const hashed = (planned: ReturnType<typeof rejoin>) =>
      canonicalJson({ ...draft(planned), facts: undefined, warnings: undefined });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 9_000 }), (moved, keys) => {
        const r2 = {
          role: 'primary',
          linkUp: false,
          epoch: 5,
          replid: 'b'.repeat(40),
          offset: 5_000_000 + moved,
          keys,
        } as const;
        const r3 = { follows: addresses.r2, replid: 'b'.repeat(40), offset: 5_000_000 + moved } as const;
        expect(hashed(rejoin(after({ r1: { keys }, r2, r3 })))).toBe(hashed(rejoin(after({ r2: { ...r2, keys: 1 } }))));
      }),
    );
  });
});
