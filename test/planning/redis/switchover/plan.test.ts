import { describe, expect, test } from 'vitest';
import { addresses, draftOf, facts, plan, problems } from '../facts.ts';

describe('the plan of a Redis switchover', () => {
  test('hands over to the fittest replica by the fast procedure', () => {
    const draft = draftOf(plan(facts()));
    expect(draft.data).toMatchObject({
      group: 'sessions',
      procedure: 'fast',
      primary: { name: 'r1', ...addresses.r1 },
      candidate: { name: 'r2' },
      siblings: [{ name: 'r3' }],
    });
    expect(draft.actions.map(({ step }) => step)).toEqual([
      'redis.canary',
      'redis.prepare-candidate',
      'redis.handover',
      'redis.settle',
      'redis.repoint-siblings',
      'redis.restore-write-safety',
      'redis.prove-roles',
      'redis.check-replication',
    ]);
    expect(draft.irreversible.length).toBeGreaterThan(0);
    expect(draft.voidIf.length).toBeGreaterThan(0);
  });

  test('does not ask for equal offsets: a busy replica within the limit is good', () => {
    expect(draftOf(plan(facts({ r2: { offset: 4_999_000 } }))).data.procedure).toBe('fast');
  });

  test('does not ask for a recent sign of life: an idle replica is silent for up to 10 s', () => {
    expect(plan(facts()).ok).toBe(true);
  });

  test.each([
    ['smallest lag first', { r2: { offset: 4_400_000 } }, 'r3'],
    ['then the lowest priority', { r2: { priority: 100 }, r3: { priority: 10 } }, 'r3'],
    ['then the name', {}, 'r2'],
    ['a little lag does not count', { r2: { offset: 4_990_000 } }, 'r2'],
    ['never one with priority 0', { r2: { priority: 0 } }, 'r3'],
    ['never one that saves nothing', { r2: { aofEnabled: false, rdbEnabled: false } }, 'r3'],
  ])('chooses the candidate: %s', (_, change, name) => {
    expect(draftOf(plan(facts(change))).data.candidate.name).toBe(name);
  });

  test('takes the node that was asked for', () => {
    expect(draftOf(plan(facts(), { to: 'r3' })).data.candidate.name).toBe('r3');
  });

  test.each([
    ['a proxy in the path', facts(), { path: 'proxied' as const }, 'proxied'],
    ['a sibling behind', facts({ r3: { offset: 0 } }), {}, 'r3'],
    ['a sibling without a link', facts({ r3: { linkUp: false } }), {}, 'r3'],
  ])('falls back to FAILOVER with %s, and says why', (_, given, change, why) => {
    const draft = draftOf(plan(given, {}, change));
    expect(draft.data.procedure).toBe('failover');
    expect(draft.facts.find(({ label }) => label === 'procedure')?.value).toContain(why);
  });

  test('uses FAILOVER where it is asked for', () => {
    expect(draftOf(plan(facts(), { procedure: 'failover' })).data.procedure).toBe('failover');
  });

  test('refuses the fast procedure where it is asked for and impossible', () => {
    expect(problems(plan(facts(), { procedure: 'fast' }, { path: 'proxied' }))).toEqual(['REDIS_PROCEDURE_IMPOSSIBLE']);
    expect(problems(plan(facts({ r3: { linkUp: false } }), { procedure: 'fast' }))).toEqual([
      'REDIS_PROCEDURE_IMPOSSIBLE@r3',
    ]);
  });
});

describe('what is in the way of a Redis switchover', () => {
  test.each([
    ['an unknown node', facts(), { to: 'r9' }, ['REDIS_UNKNOWN_NODE@to']],
    ['the primary itself', facts(), { to: 'r1' }, ['REDIS_ALREADY_PRIMARY@to']],
  ])('is asking for %s', (_, given, input, expected) => {
    expect(problems(plan(given, input))).toEqual(expected);
  });

  test.each([
    [
      'a node that is gone',
      { r3: { problem: { code: 'REDIS_UNREACHABLE' as const, message: 'gone' } } },
      'REDIS_UNREACHABLE@r3',
    ],
    ['a node that is busy', { r3: { problem: { code: 'REDIS_BUSY' as const, message: 'busy' } } }, 'REDIS_BUSY@r3'],
    ['a second primary', { r3: { role: 'primary' as const } }, 'REDIS_SPLIT_BRAIN'],
    ['another version', { r3: { version: '7.2.4' } }, 'REDIS_VERSION_MISMATCH@r3'],
    ['other memory', { r3: { settings: { maxmemory: '1' } } }, 'REDIS_CONFIG_MISMATCH@r3'],
    ['other users', { r3: { users: {} } }, 'REDIS_CONFIG_MISMATCH@r3'],
    ['other modules', { r3: { modules: ['search 20800'] } }, 'REDIS_CONFIG_MISMATCH@r3'],
    ['loading', { r3: { loading: true } }, 'REDIS_LOADING@r3'],
    ['a background save', { r1: { savingRdb: true } }, 'REDIS_PERSISTENCE_BUSY@r1'],
    ['an AOF rewrite', { r2: { rewritingAof: true } }, 'REDIS_PERSISTENCE_BUSY@r2'],
    ['no config file', { r1: { hasConfigFile: false } }, 'REDIS_NO_CONFIG_FILE@r1'],
    ['a Sentinel', { r1: { sentinelListens: true } }, 'REDIS_SENTINEL_PRESENT@r1'],
    ['a FAILOVER under way', { r1: { failoverInProgress: true } }, 'REDIS_ROLES_CHANGED@r1'],
    ['a replica that would take writes', { r1: { readOnlyAsReplica: false } }, 'REDIS_UNSAFE_SETTING@r1'],
    ['a replica that is dumb without a link', { r2: { answersWithoutLink: false } }, 'REDIS_UNSAFE_SETTING@r2'],
  ])('is %s', (_, change, expected) => {
    expect(problems(plan(facts(change)))).toContain(expected);
  });

  test('is a version that is too old', () => {
    const old = { version: '6.0.16' };
    const seen = problems(plan(facts({ r1: old, r2: old, r3: old })));
    expect(seen).toEqual(['r1', 'r2', 'r3'].map((name) => `REDIS_VERSION_UNSUPPORTED@${name}`));
  });

  test('is a primary that nobody is', () => {
    const replica = { role: 'replica' as const, follows: addresses.r2 };
    expect(problems(plan(facts({ r1: replica })))).toEqual(['REDIS_NO_PRIMARY']);
  });

  test.each([
    ['lagging', { offset: 0 }, 'REDIS_REPLICA_LAGGING@r2'],
    ['without a link', { linkUp: false }, 'REDIS_REPLICA_UNLINKED@r2'],
    ['in a full sync', { syncInProgress: true }, 'REDIS_REPLICA_UNLINKED@r2'],
    ['following another node', { follows: { host: 'x', port: 1 } }, 'REDIS_REPLICA_UNLINKED@r2'],
    ['never to be promoted', { priority: 0 }, 'REDIS_REPLICA_PRIORITY_ZERO@r2'],
    ['without persistence', { aofEnabled: false }, 'REDIS_NO_PERSISTENCE@r2'],
  ])('is asking for a candidate that is %s', (_, change, expected) => {
    expect(problems(plan(facts({ r2: change }), { to: 'r2' }))).toEqual([expected]);
  });

  test('is that no replica is fit, each with its own reason', () => {
    const seen = problems(plan(facts({ r2: { linkUp: false }, r3: { priority: 0 } })));
    expect(seen).toEqual(['REDIS_NO_HEALTHY_REPLICA', 'REDIS_REPLICA_UNLINKED@r2', 'REDIS_REPLICA_PRIORITY_ZERO@r3']);
  });

  test.each([
    ['names another node', { kind: 'entry', primary: addresses.r2, epoch: 9 }, 'DISCOVERY_DISAGREES@discovery'],
    [
      'cannot be reached',
      { kind: 'problem', code: 'DISCOVERY_UNREACHABLE', message: 'x' },
      'DISCOVERY_UNREACHABLE@discovery',
    ],
  ] as const)('is a discovery that %s', (_, discovery, expected) => {
    expect(problems(plan(facts({}, { discovery })))).toEqual([expected]);
  });

  test('is listed all at once, each with its place', () => {
    const given = facts(
      { r1: { savingRdb: true }, r2: { version: '7.2.4' }, r3: { loading: true, hasConfigFile: false } },
      { discovery: { kind: 'problem', code: 'DISCOVERY_INVALID', message: 'x' } },
    );
    expect(problems(plan(given)).sort()).toEqual([
      'DISCOVERY_INVALID@discovery',
      'REDIS_LOADING@r3',
      'REDIS_NO_CONFIG_FILE@r3',
      'REDIS_PERSISTENCE_BUSY@r1',
      'REDIS_VERSION_MISMATCH@r2',
    ]);
  });
});

describe('the warnings of a plan', () => {
  test.each([
    ['a backlog below a minute of writes', facts({}, { writeBytesPerSecond: 10_000_000 }), 'backlog'],
    ['a group that discovery does not know yet', facts({}, { discovery: { kind: 'nothing' } }), 'discovery'],
    [
      'write safety that deviates',
      facts({ r1: { writeSafety: { minReplicasToWrite: 0, minReplicasMaxLagSeconds: 10 } } }),
      'min-replicas',
    ],
    ['users that cannot be compared', facts({ r2: { users: undefined as never } }), 'ACL'],
  ])('tell of %s', (_, given, word) => {
    expect(draftOf(plan(given)).warnings.join('\n')).toContain(word);
  });

  test('are none where all is well', () => {
    expect(draftOf(plan(facts())).warnings).toEqual([]);
  });
});
