import { expect, it } from 'vitest';
import { guardLines } from '../../src/cli/render/guard.ts';
import type { GuardStatus } from '../../src/runs/index.ts';
import { guardMarkdown } from '../../workflows/redis/guard/details.ts';

const canvas = { color: false, width: 200, now: Date.parse('2026-11-23T03:00:10.000Z') };
const status: GuardStatus = {
  kind: 'redis.guard',
  target: 'sessions',
  workflowId: 'guard/redis/sessions',
  runId: 'run-1',
  state: 'alarm',
  since: '2026-11-23T03:00:00.000Z',
  startedAt: '2026-11-01T00:00:00.000Z',
  mode: 'act',
  restraint: 'the policy of redis.failover still asks one person',
  primary: 'r1',
  last: { node: 'r1', offset: 4711, at: '2026-11-23T02:59:58.000Z' },
  lags: [{ replica: 'r2', online: true, lagBytes: 12, ackedSecondsAgo: 1 }],
  findings: [
    {
      code: 'REDIS_NO_PERSISTENCE',
      message: 'r2 | saves nothing',
      place: 'r2',
      since: '2026-11-22T03:00:10.000Z',
      announced: true,
    },
  ],
  alarm: {
    node: 'r1',
    since: '2026-11-23T03:00:00.000Z',
    why: 'refused',
    refusals: 2,
    lastRefusal: { code: 'REDIS_TOO_FEW_VANTAGES', message: 'one of two', at: '2026-11-23T03:00:05.000Z' },
    nextTryAt: '2026-11-23T03:00:35.000Z',
  },
  failovers: [
    {
      workflowId: 'failover/sessions/1',
      runId: 'x',
      startedAt: '2026-11-23T03:00:00.000Z',
      node: 'r1',
      outcome: 'refused',
      code: 'REDIS_TOO_FEW_VANTAGES',
      message: 'one of two',
    },
  ],
  actions: [],
  slices: 1,
  samples: 600,
};

it('shows in a terminal how a guard stands, with what its watch has told since', () => {
  const live = {
    primary: 'r1',
    last: { node: 'r1', offset: 5000, at: '2026-11-23T03:00:09.000Z' },
    lags: [],
    findings: [],
  };
  const { workflowId } = status;
  expect(guardLines({ workflowId, status, live }, canvas)).toEqual([
    'redis.guard sessions  alarm  10.0 s  mode act  guard/redis/sessions',
    'the policy of redis.failover still asks one person',
    'r1 has not answered for 10.0 s: refused',
    '2 failovers came to nothing: REDIS_TOO_FEW_VANTAGES: one of two',
    'next attempt not before 2026-11-23 03:00:35Z',
    'primary r1: offset 5000, 1.0 s ago',
    '✗ REDIS_NO_PERSISTENCE: r2 | saves nothing, for 24 h 0 min',
    'failover failover/sessions/1: refused: REDIS_TOO_FEW_VANTAGES: one of two',
  ]);
  expect(guardLines({ workflowId, note: 'no worker answers for this guard' }, canvas)).toEqual([
    'guard/redis/sessions',
    'no worker answers for this guard',
  ]);
});

it('shows the same in the current details of the UI, with its tables whole', () => {
  const text = guardMarkdown(status);
  for (const word of [
    '**alarm**',
    'offset 4711',
    'REDIS_TOO_FEW_VANTAGES',
    '| r2 | 12 bytes |',
    'r2 \\| saves nothing',
  ]) {
    expect(text).toContain(word);
  }
  const paused = guardMarkdown({ ...status, paused: { by: 'ada', reason: 'CHG-7', since: status.since } });
  expect(paused).toContain('Paused by ada until `gantry redis guard sessions --resume`: CHG-7');
});
