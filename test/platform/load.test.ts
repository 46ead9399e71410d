import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GantryError } from '../../src/errors/index.ts';
import { loadPlatform, parsePlatform } from '../../src/platform/index.ts';

const small = `version: 1
name: lab
regions:
  r1: { zones: { z1: { runs: [] } } }
`;

const group = `redis:
  groups:
    sessions:
      region: r1
      nodes:
        - { name: n1, host: h1 }
        - { name: n2, host: h2, port: 6380 }
      discovery: { kind: command, read: [get], write: [set] }
`;

/** `place message` of every problem; the file is called p.yaml. */
function problemsOf(text: string): string[] {
  const error = refused(() => parsePlatform(text, 'p.yaml'));
  expect(error.code).toBe('PLATFORM_INVALID');
  return error.problems.map(({ place, message }) => `${place} ${message}`);
}

function refused(act: () => unknown): GantryError {
  try {
    act();
  } catch (error) {
    if (error instanceof GantryError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a platform file that is right', () => {
  it('needs no more than version, name and regions', () => {
    const { platform } = parsePlatform(small, 'p.yaml');
    expect(platform.redis.groups).toEqual({});
    expect(platform.windows).toEqual([]);
    expect(platform.reports.folder).toBe('.gantry/reports');
  });

  it('gives a Redis group its defaults, in milliseconds and bytes', () => {
    expect(parsePlatform(small + group, 'p.yaml').platform.redis.groups['sessions']).toEqual({
      region: 'r1',
      nodes: [
        { name: 'n1', host: 'h1', port: 6379 },
        { name: 'n2', host: 'h2', port: 6380 },
      ],
      path: 'direct',
      lagLimitBytes: 1_048_576,
      handover: { pauseMs: 3000, equalityMs: 2000, leaseReserveMs: 500, failoverTimeoutMs: 5000 },
      writeSafety: { minReplicasToWrite: 1, minReplicasMaxLagSeconds: 10 },
      discovery: { kind: 'command', read: ['get'], write: ['set'] },
      guard: {
        sampleEveryMs: 1_000,
        auditEveryMs: 60_000,
        sliceMs: 600_000,
        unwatchedAfterMs: 60_000,
        retryFirstMs: 15_000,
        retryMaxMs: 600_000,
        accept: [],
      },
      failover: {
        mode: 'ask',
        vantages: ['main'],
        probes: 3,
        probeEveryMs: 500,
        probeTimeoutMs: 500,
        lossLimitBytes: 65_536,
        maxLinkAgeMs: 60_000,
        antiFlapMs: 3_600_000,
        leaseMarginMs: 3000,
        fences: [{ kind: 'refuse-writes' }, { kind: 'lease' }],
      },
    });
  });

  it('keeps its digest when comments, spaces, quotes and the order of keys change', () => {
    const before = parsePlatform(small + group, 'p.yaml').digest;
    const rewritten = `# a comment\n${group.replaceAll('{ name: n1, host: h1 }', '{ host: "h1",   name: n1 }')}\n${small}`;
    expect(before).toMatch(/^[0-9a-f]{64}$/);
    expect(parsePlatform(rewritten, 'elsewhere.yaml').digest).toBe(before);
  });

  it('keeps its digest when a default is written out', () => {
    const spelt = (small + group).replace('host: h1 }', 'host: h1, port: 6379 }');
    expect(parsePlatform(spelt, 'p.yaml').digest).toBe(parsePlatform(small + group, 'p.yaml').digest);
  });

  it('has another digest when a number changes', () => {
    const changed = (small + group).replace('6380', '6381');
    expect(parsePlatform(changed, 'p.yaml').digest).not.toBe(parsePlatform(small + group, 'p.yaml').digest);
  });

  it('may repeat itself through an anchor, which stands for what it names', () => {
    const text = small.replace('zones: { z1: { runs: [] } } }', 'zones: { z1: &z { runs: [] }, z2: *z } }');
    expect(Object.keys(parsePlatform(text, 'p.yaml').platform.regions['r1']?.zones ?? {})).toEqual(['z1', 'z2']);
  });
});

describe('a platform file that is wrong', () => {
  it('lists every problem of every sort at once, in the order of the file, each at its line and column', () => {
    const text = `version: 1
name: lab
colour: red
regions:
  r1: { zones: { z1: { runs: [] } } }
redis:
  groups:
    sessions:
      region: nowhere
      nodes:
        - { name: n1, host: h1 }
        - { name: n1, host: h1, port: 6379 }
        - { host: h3, port: no }
      password: hunter2
      lagLimit: 5
      handover: { pause: 1s, haste: 1s }
    empty: {}
policies:
  default: { window: never }
name: again
`;
    expect(problemsOf(text)).toEqual(
      [
        'p.yaml:3:1 platform: unknown key colour',
        'p.yaml:9:15 redis.groups.sessions.region: no region is called nowhere; known: r1',
        'p.yaml:12:19 redis.groups.sessions.nodes.1.name: two nodes are called n1',
        'p.yaml:12:29 redis.groups.sessions.nodes.1.host: two nodes are at h1:6379',
        'p.yaml:8:5 redis.groups.sessions: discovery is missing',
        'p.yaml:13:11 redis.groups.sessions.nodes.2: name is missing',
        'p.yaml:13:29 redis.groups.sessions.nodes.2.port: Invalid input: expected number, received string',
        'p.yaml:14:17 redis.groups.sessions.password: a secret is never in the platform file: name where the worker finds it, as { env: NAME } or { file: PATH }',
        'p.yaml:15:17 redis.groups.sessions.lagLimit: a size is text such as 500GB or 1MiB',
        'p.yaml:16:26 redis.groups.sessions.handover.pause: the pause (1000 ms) must be longer than equality and leaseReserve together (2500 ms)',
        'p.yaml:16:30 redis.groups.sessions.handover: unknown key haste',
        'p.yaml:17:5 redis.groups.empty: region is missing',
        'p.yaml:17:5 redis.groups.empty: nodes is missing',
        'p.yaml:17:5 redis.groups.empty: discovery is missing',
        'p.yaml:19:22 policies.default.window: no maintenance window is called never; the file defines none',
        'p.yaml:20:1 the key name appears twice in this map',
      ].sort(byPlace),
    );
  });

  it('never shows the secret that was written where only its place may stand', () => {
    expect(problemsOf(`${small}${group}      password: hunter2\n`).join('\n')).not.toContain('hunter2');
  });

  it.each([
    ['an empty file', '', 'p.yaml:1:1 the file is empty'],
    ['spaces', ' \n\n', 'p.yaml:1:1 the file is empty'],
    ['comments', '# nothing\n', 'p.yaml:1:1 the file says nothing but comments'],
    ['null', 'null', 'p.yaml:1:1 the file says nothing but comments'],
    ['a list', '[]', 'p.yaml:1:1 the file must be a map with version, name, regions and so on, not a list'],
    ['a text', 'hello', 'p.yaml:1:1 the file must be a map with version, name, regions and so on, not one string'],
    ['a number', '42', 'p.yaml:1:1 the file must be a map with version, name, regions and so on, not one number'],
    ['a lonely alias', '*a', 'p.yaml:1:1 the alias *a names no anchor before it'],
  ])('says what %s is', (_what, text, expected) => {
    expect(problemsOf(text)).toEqual([expected]);
  });

  it.each([
    ['a tab as indentation', `${small}redis:\n\tgroups: {}\n`, 'p.yaml:6:1 Tabs'],
    ['a map that is not closed', `${small}redis: {`, 'p.yaml:5:9 Flow map'],
    ['a second document', `${small}---\n{}\n`, 'p.yaml:5:1 the file must hold one YAML document'],
    ['an alias of what contains it', `${small}redis: &a\n  groups: *a\n`, 'p.yaml:6:11 the alias *a is inside'],
    ['a key __proto__', `${small}redis: { groups: { __proto__: 1 } }\n`, 'p.yaml:5:20 a key is text'],
    ['a tag', `${small}notify: !secret x\n`, 'p.yaml:5:9 Unresolved tag'],
    ['a key without a value', `${small}notify:\n`, 'p.yaml:5:8 notify: Invalid input: expected object'],
  ])('points at %s', (_what, text, expected) => {
    expect(problemsOf(text).some((found) => found.startsWith(expected))).toBe(true);
  });

  it.each([
    [
      'a workload of an unknown daemon',
      'kubernetes: { namespace: n, workloads: { ghost: {} } }',
      'no daemon is called ghost',
    ],
    [
      'an unknown kind in a freeze',
      'freezes: [{ name: f, from: 2026-01-01T00:00:00Z, to: 2026-01-02T00:00:00Z, kinds: [redis.switchovr], reason: r }]',
      'freezes.0.kinds.0: no kind of run has this name',
    ],
    [
      'a freeze that ends first',
      'freezes: [{ name: f, from: 2026-01-02T00:00:00Z, to: 2026-01-01T00:00:00Z, reason: r }]',
      'ends before it begins',
    ],
    [
      'a time zone that is none',
      'windows: [{ name: w, days: [mon], from: "01:00", to: "02:00", timezone: Mars/Base }]',
      'not an IANA time zone',
    ],
    [
      'a seat in ClickHouse that nobody takes',
      'clickhouse: { clusters: { m: { shards: 2, replicas: 1, nodes: [{ name: a, host: a, shard: 1, replica: 1 }] } } }',
      'no node is shard 2, replica 1',
    ],
    [
      'a route to a port that the daemon does not serve',
      'daemons: { d: { apiPort: 8080 } }\nmesh: { routes: [{ daemon: d, port: 8081 }] }',
      'd serves its API on port 8080',
    ],
    [
      'a flow from who is not there',
      'network: { segments: { a: { members: [x] } }, flows: [{ from: a, source: y, to: a, target: x }] }',
      'segment a has no member y: x',
    ],
    [
      'a pool in a zone that is nowhere',
      'hosts: { pools: [{ zone: z9, class: c }] }',
      'no zone is called z9; known: z1',
    ],
    [
      'a password in an address',
      'notify: { webhook: { url: "https://me:secret@example.com/" } }',
      'take the user and password out of the address',
    ],
    [
      'a secret in the environment of a workload',
      'kubernetes: { namespace: n, workloads: { d: { environment: { DB_PASSWORD: x } } } }',
      'looks like a secret',
    ],
    [
      'a capability with its prefix',
      'kubernetes: { namespace: n, workloads: { d: { capabilities: [CAP_SYS_ADMIN] } } }',
      'Kubernetes spells capabilities without CAP_',
    ],
  ])('refuses %s', (_what, text, expected) => {
    expect(problemsOf(`${small}${text}\n`).join('\n')).toContain(expected);
  });
});

describe('a zone', () => {
  it('belongs to one region', () => {
    const text = small.replace('  r1:', '  r0: { zones: { z1: { runs: [] } } }\n  r1:');
    expect(problemsOf(text)).toEqual(['p.yaml:5:18 regions.r1.zones.z1: zone z1 is in region r0 already']);
  });
});

describe('reading the file', () => {
  const folder = mkdtempSync(join(tmpdir(), 'gantry-platform-'));

  it('says so when there is none', () => {
    expect(refused(() => loadPlatform(join(folder, 'none.yaml'))).code).toBe('PLATFORM_NOT_FOUND');
  });

  it('says so when it is a directory', () => {
    expect(refused(() => loadPlatform(folder)).code).toBe('PLATFORM_UNREADABLE');
  });

  it('says so when it is not text', () => {
    writeFileSync(join(folder, 'binary.yaml'), Buffer.from([0xff, 0xfe, 0xfd]));
    expect(refused(() => loadPlatform(join(folder, 'binary.yaml'))).message).toContain('not UTF-8');
  });

  it('gives the path back', () => {
    const path = join(folder, 'small.yaml');
    writeFileSync(path, small);
    expect(loadPlatform(path)).toMatchObject({ path, platform: { name: 'lab' } });
  });
});

function byPlace(a: string, b: string): number {
  const [lineA = 0, columnA = 0] = a.split(/[: ]/).slice(1, 3).map(Number);
  const [lineB = 0, columnB = 0] = b.split(/[: ]/).slice(1, 3).map(Number);
  return lineA - lineB || columnA - columnB;
}
