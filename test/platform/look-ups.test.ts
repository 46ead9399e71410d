import { describe, expect, it } from 'vitest';
import type { GantryError } from '../../src/errors/index.ts';
import type { Platform } from '../../src/platform/index.ts';
import {
  freezeAt,
  parsePlatform,
  policyFor,
  redisGroup,
  windowState,
  withoutSecrets,
} from '../../src/platform/index.ts';
import { defaultPolicy } from '../../src/runs/index.ts';

const kind = 'redis.switchover';

function platformWith(text: string): Platform {
  return parsePlatform(`version: 1\nname: lab\nregions: { r1: { zones: {} } }\n${text}\n`, 'p.yaml').platform;
}

function windowed(hours: string): Platform {
  return platformWith(`windows: [{ name: w, ${hours} }]\npolicies: { kinds: { ${kind}: { window: w } } }`);
}

/** `open`, or the instant at which it opens next. */
function stateAt(platform: Platform, instant: string): string | undefined {
  const state = windowState(platform, kind, Date.parse(instant));
  if (!state.required) return 'not required';
  return state.open ? 'open' : state.nextOpensAt;
}

const discovery = 'discovery: { kind: http, url: "http://d/x", token: { env: T } }';
const twoGroups = platformWith(`redis:
  groups:
    b: { region: r1, password: { file: /p }, nodes: [{ name: n1, host: h1 }, { name: n2, host: h2 }], ${discovery} }
    a: { region: r1, nodes: [{ name: n1, host: h1 }, { name: n2, host: h2 }], ${discovery} }
notify: { file: out.jsonl }`);

describe('a Redis group', () => {
  it('is found by its name', () => {
    expect(redisGroup(twoGroups, 'a').nodes.map(({ name }) => name)).toEqual(['n1', 'n2']);
  });

  it.each(['c', 'toString', '__proto__'])(
    'that does not exist (%s) is refused with the names of those that do',
    (name) => {
      expect(() => redisGroup(twoGroups, name)).toThrowError(
        expect.objectContaining({
          code: 'REDIS_UNKNOWN_GROUP',
          message: `no Redis group is called ${name}; known: a, b`,
        }) as GantryError,
      );
    },
  );
});

describe('what goes into a plan', () => {
  it('says nothing of where secrets are, and all the rest', () => {
    const bare = withoutSecrets(twoGroups);
    expect(JSON.stringify(bare)).not.toMatch(/password|token/);
    expect(bare.redis.groups['b']?.nodes).toHaveLength(2);
    expect(bare.notify).toEqual({ file: 'out.jsonl' });
  });
});

describe('a policy', () => {
  it('is Gantry’s own where the file says nothing', () => {
    expect(policyFor(platformWith(''), kind)).toEqual(defaultPolicy);
  });

  it('goes from default over the domain to the kind, and keeps what the narrower one leaves out', () => {
    const platform = platformWith(`policies:
  default: { approval: { people: 2, expiresAfter: 1h }, soak: { every: 1s }, remindEvery: 1h }
  kinds:
    ${kind}: { approval: { people: 0 } }
    redis.*: { approval: { people: 1 }, profiles: { quick: { attempts: 2, heartbeat: 500ms } } }`);
    const policy = policyFor(platform, kind);
    expect(policy.approval).toEqual({ people: 0, expiresAfterMs: 3_600_000 });
    expect(policy.soak).toEqual({ durationMs: defaultPolicy.soak.durationMs, everyMs: 1000 });
    expect(policy.remindEveryMs).toBe(3_600_000);
    expect(policy.profiles.quick).toEqual({ ...defaultPolicy.profiles.quick, attempts: 2, heartbeatMs: 500 });
    expect(policy.profiles.slow).toEqual(defaultPolicy.profiles.slow);
    expect(policyFor(platform, 'host.onboard').approval.people).toBe(2);
  });
});

describe('a change freeze', () => {
  const platform = platformWith(`freezes:
  - { name: all, from: 2026-12-20T00:00:00+01:00, to: 2026-12-27T00:00:00+01:00, reason: holidays }
  - { name: stores, from: 2026-12-26T00:00:00Z, to: 2027-01-02T00:00:00Z, kinds: ["redis.*"], reason: invoices }
  - { name: move, from: 2027-02-01T00:00:00Z, to: 2027-02-02T00:00:00Z, targets: [sessions, metrics], reason: new racks }`);
  const at = (instant: string, of = kind, target = 'sessions') =>
    freezeAt(platform, of, Date.parse(instant), target)?.name;

  it('holds from its first instant to just before its last', () => {
    expect(at('2026-12-19T22:59:59.999Z')).toBeUndefined();
    expect(at('2026-12-19T23:00:00Z')).toBe('all');
    expect(at('2027-01-01T23:59:59.999Z')).toBe('stores');
    expect(at('2027-01-02T00:00:00Z')).toBeUndefined();
  });

  it('holds only for the kinds that it names', () => {
    expect(at('2026-12-30T00:00:00Z', 'host.onboard')).toBeUndefined();
  });

  it('holds only for the targets that it names, and for all that is within one', () => {
    const then = '2027-02-01T12:00:00Z';
    expect(at(then)).toBe('move');
    expect(at(then, kind, 'cache')).toBeUndefined();
    expect(at(then, 'clickhouse.tier', 'metrics/metrics.samples')).toBe('move');
    expect(at(then, 'clickhouse.tier', 'metrics2')).toBeUndefined();
    expect(freezeAt(platform, kind, Date.parse(then), undefined)?.name).toBe('move');
  });

  it('is, of two, the one that ends last', () => {
    expect(at('2026-12-26T12:00:00Z')).toBe('stores');
  });
});

describe('a maintenance window', () => {
  it('is not required where no policy asks for one', () => {
    expect(stateAt(platformWith(''), '2026-06-01T00:00:00Z')).toBe('not required');
  });

  it('is open from its opening, included, to its closing, excluded, in its own time zone', () => {
    const platform = windowed('days: [tue], from: "10:00", to: "12:00", timezone: Asia/Tokyo');
    expect(stateAt(platform, '2026-06-02T00:59:59.999Z')).toBe('2026-06-02T01:00:00.000Z');
    expect(stateAt(platform, '2026-06-02T01:00:00Z')).toBe('open');
    expect(stateAt(platform, '2026-06-02T02:59:59.999Z')).toBe('open');
    expect(stateAt(platform, '2026-06-02T03:00:00Z')).toBe('2026-06-09T01:00:00.000Z');
  });

  it('that crosses midnight belongs to the day on which it opens', () => {
    const platform = windowed('days: [fri], from: "22:00", to: "04:00", timezone: UTC');
    expect(stateAt(platform, '2026-06-05T03:00:00Z')).toBe('2026-06-05T22:00:00.000Z');
    expect(stateAt(platform, '2026-06-05T23:00:00Z')).toBe('open');
    expect(stateAt(platform, '2026-06-06T03:59:00Z')).toBe('open');
    expect(stateAt(platform, '2026-06-06T04:00:00Z')).toBe('2026-06-12T22:00:00.000Z');
  });

  it('keeps its local hours when the clocks change', () => {
    const platform = windowed('days: [sat, sun], from: "22:00", to: "23:00", timezone: Europe/Berlin');
    expect(stateAt(platform, '2026-03-28T22:00:00Z')).toBe('2026-03-29T20:00:00.000Z');
    expect(stateAt(platform, '2026-10-24T21:00:00Z')).toBe('2026-10-25T21:00:00.000Z');
  });

  it('over the hour that spring skips is an hour shorter', () => {
    const platform = windowed('days: [sat], from: "23:00", to: "05:00", timezone: America/New_York');
    expect(stateAt(platform, '2026-03-08T04:00:00Z')).toBe('open');
    expect(stateAt(platform, '2026-03-08T08:59:59Z')).toBe('open');
    expect(stateAt(platform, '2026-03-08T09:00:00Z')).not.toBe('open');
  });

  it('that begins in the hour that spring skips begins as much later as the clock jumps', () => {
    const platform = windowed('days: [sun], from: "02:30", to: "04:30", timezone: America/New_York');
    expect(stateAt(platform, '2026-03-08T07:00:00Z')).toBe('2026-03-08T07:30:00.000Z');
    expect(stateAt(platform, '2026-03-08T07:30:00Z')).toBe('open');
    expect(stateAt(platform, '2026-03-08T08:30:00Z')).not.toBe('open');
  });

  it('that begins in the hour that autumn repeats begins the first time', () => {
    const platform = windowed('days: [sun], from: "01:30", to: "02:30", timezone: America/New_York');
    expect(stateAt(platform, '2026-11-01T05:00:00Z')).toBe('2026-11-01T05:30:00.000Z');
    expect(stateAt(platform, '2026-11-01T06:45:00Z')).toBe('open');
    expect(stateAt(platform, '2026-11-01T07:30:00Z')).not.toBe('open');
  });

  it('may last until midnight', () => {
    const platform = windowed('days: [mon], from: "00:00", to: "24:00", timezone: UTC');
    expect(stateAt(platform, '2026-06-01T23:59:59.999Z')).toBe('open');
    expect(stateAt(platform, '2026-06-02T00:00:00Z')).toBe('2026-06-08T00:00:00.000Z');
  });
});
