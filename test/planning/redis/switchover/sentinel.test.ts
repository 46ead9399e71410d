import { describe, expect, test } from 'vitest';
import type { GroupFacts, SentinelFacts, SentinelReading } from '../../../../src/planning/redis/index.ts';
import type { Name } from '../facts.ts';
import { addresses, draftOf, facts, intent, plan, problems } from '../facts.ts';

const reading: SentinelReading = {
  primary: addresses.r1,
  isDown: false,
  failoverInProgress: false,
  tilt: false,
  hasQuorum: true,
  quorumAnswer: 'OK 3 usable Sentinels.',
  configEpoch: 7,
  downAfterMs: 5_000,
  failoverTimeoutMs: 60_000,
  offersCoordinated: false,
};

const watched = { ...intent, sentinel: { master: 'sessions', pauseMs: 15_000 } };
const gone: SentinelFacts = { name: 's3', problem: { code: 'REDIS_UNREACHABLE', message: 'connection refused' } };

/** Three Sentinels; the first as given. */
function sentinels(change: Partial<SentinelReading> = {}, all: Partial<SentinelReading> = {}): SentinelFacts[] {
  return ['s1', 's2', 's3'].map((name, index) => ({
    name,
    reading: { ...reading, ...all, ...(index === 0 ? change : {}) },
  }));
}

function under(given: readonly SentinelFacts[], nodes: Parameters<typeof facts>[0] = {}): GroupFacts {
  return facts(nodes, { sentinels: given });
}

describe('the plan of a handover under Sentinel', () => {
  test('lets the Sentinels make the switch, with writes held, and says why', () => {
    const draft = draftOf(plan(under(sentinels()), {}, watched));
    expect(draft.data).toMatchObject({ procedure: 'sentinel', sentinel: { master: 'sessions', configEpoch: 7 } });
    expect(draft.facts.find(({ label }) => label === 'procedure')?.value).toContain('not offer COORDINATED');
    expect(draft.actions.map(({ step }) => step)).toEqual([
      'redis.canary',
      'redis.prepare-candidate',
      'redis.prefer-candidate',
      'redis.handover',
      'redis.settle',
      'redis.repoint-siblings',
      'redis.restore-write-safety',
      'redis.restore-priorities',
      'redis.prove-sentinels',
      'redis.prove-roles',
      'redis.check-replication',
    ]);
  });

  test('uses COORDINATED where every Sentinel offers it, and not where one does not', () => {
    const procedureOf = (given: SentinelFacts[]): string => draftOf(plan(under(given), {}, watched)).data.procedure;
    expect(procedureOf(sentinels({}, { offersCoordinated: true }))).toBe('coordinated');
    expect(procedureOf(sentinels({ offersCoordinated: false }, { offersCoordinated: true }))).toBe('sentinel');
    expect(procedureOf([...sentinels({}, { offersCoordinated: true }).slice(0, 2), gone])).toBe('sentinel');
  });

  test.each(['fast', 'failover', 'coordinated'] as const)('refuses %s', (procedure) => {
    expect(problems(plan(under(sentinels()), { procedure }, watched))).toContain(
      'REDIS_PROCEDURE_IMPOSSIBLE@procedure',
    );
  });

  test.each(['sentinel', 'coordinated'] as const)(
    'refuses %s where the platform file names no Sentinels',
    (procedure) => {
      expect(problems(plan(facts(), { procedure }))).toContain('REDIS_PROCEDURE_IMPOSSIBLE@procedure');
    },
  );

  test.each<[string, Partial<SentinelReading>, string]>([
    ['no quorum', { hasQuorum: false }, 'SENTINEL_NO_QUORUM'],
    ['TILT', { tilt: true }, 'SENTINEL_TILT'],
    ['a failover under way', { failoverInProgress: true }, 'SENTINEL_FAILOVER_IN_PROGRESS'],
    ['another primary', { primary: addresses.r2 }, 'SENTINEL_DISAGREES'],
    ['a primary that counts as down', { isDown: true }, 'SENTINEL_DISAGREES'],
  ])('refuses on %s at a single Sentinel', (_what, change, code) => {
    expect(problems(plan(under(sentinels(change)), {}, watched))).toEqual([`${code}@sentinel s1`]);
  });

  test('does without a Sentinel that does not answer, with a warning; not without all of them', () => {
    const draft = draftOf(plan(under([...sentinels().slice(0, 2), gone]), {}, watched));
    expect(draft.warnings.join()).toContain('s3 does not answer');
    expect(problems(plan(under([gone]), {}, watched))).toEqual(['REDIS_UNREACHABLE@sentinel s3']);
  });

  test('warns of Sentinels that would take the pause for a dead primary', () => {
    expect(draftOf(plan(under(sentinels({ downAfterMs: 1_000 })), {}, watched)).warnings.join()).toContain(
      'down-after',
    );
  });

  test.each<[string, Partial<Record<Name, number>>, object[]]>([
    ['one step below equals', {}, [{ name: 'r2', before: 100, during: 99 }]],
    ['nothing where it is the lowest already', { r2: 10 }, []],
    ['below a lower sibling', { r3: 20 }, [{ name: 'r2', before: 100, during: 19 }]],
    [
      'a sibling at 1 steps back',
      { r3: 1 },
      [
        { name: 'r2', before: 100, during: 1 },
        { name: 'r3', before: 1, during: 2 },
      ],
    ],
    ['a sibling at 0 is never chosen anyway', { r3: 0 }, []],
  ])('prefers the candidate: %s', (_what, priorities, wanted) => {
    const nodes = Object.fromEntries(Object.entries(priorities).map(([name, priority]) => [name, { priority }]));
    const draft = draftOf(plan(under(sentinels(), nodes), { to: 'r2' }, watched));
    expect(draft.data.sentinel?.priorities).toEqual(wanted);
  });
});
