import { expect, test } from 'vitest';
import type { MockActivityEnvironment } from '@temporalio/testing';
import { pause, until } from '../../../../lab/clock.ts';
import { withRedis } from '../../../../lab/redis/client.ts';
import type { GuardHeartbeat, GuardKnowledge, GuardWatched } from '../../../../src/runs/index.ts';
import { describeWith } from '../../../support/lab.ts';
import type { Scene } from '../scene.ts';
import { groupName, password, quiet, scene } from '../scene.ts';

const nothing: GuardKnowledge = { lags: [], findings: [] };

/** A scene that is looked at often. */
async function watched(options: Parameters<typeof scene>[0] = {}): Promise<Scene> {
  const s = await scene({ replicas: 2, ...options });
  s.config.failover = { ...s.config.failover, probeEveryMs: 200, probeTimeoutMs: 500 };
  s.config.guard = { ...s.config.guard, sampleEveryMs: 200, auditEveryMs: 500 };
  return s;
}

function watch(
  s: Scene,
  known: GuardKnowledge = nothing,
  {
    forMs = 20_000,
    environment = quiet(),
    secret = password,
    resumed,
  }: { forMs?: number; environment?: MockActivityEnvironment; secret?: string; resumed?: unknown } = {},
): Promise<GuardWatched> {
  const env = resumed === undefined ? environment : quiet({ heartbeatDetails: resumed });
  const { sampleEveryMs, auditEveryMs } = s.config.guard;
  return env.run(s.activities(undefined, secret, s.config, {}, { sampleEveryMs, auditEveryMs }).redisGuardWatch, {
    group: groupName,
    forMs,
    known,
  });
}

/** What a guard knows of a sound group after its first look. */
async function knownOf(s: Scene): Promise<GuardKnowledge> {
  const first = await watch(s);
  expect(first.event).toBe('first-look');
  return first.known;
}

await describeWith(['redis'], 'a watch', () => {
  test('knows the primary, its offset and every lag after a first look, and stays for its slice', async () => {
    const s = await watched();
    const known = await knownOf(s);
    expect(known).toMatchObject({ primary: 'r1', last: { node: 'r1' }, findings: [] });
    expect(known.lags.map(({ replica }) => replica).sort()).toEqual(['r2', 'r3']);
    const next = await watch(s, known, { forMs: 1_200 });
    expect(next.event).toBe('slice');
    expect(next.samples).toBeGreaterThan(2);
    expect(Date.parse(next.known.last?.at ?? '')).toBeGreaterThan(Date.parse(known.last?.at ?? ''));
  });

  test('says within a few probes that a killed primary does not answer, with the last offset before', async () => {
    const s = await watched();
    const known = await knownOf(s);
    const watching = watch(s, known);
    await withRedis(s.lab.node('r1'), password, (redis) => redis.set('a', 'x'.repeat(1_000)));
    await pause(600);
    await s.lab.node('r1').kill();
    const seen = await watching;
    expect(seen.event).toBe('silent');
    expect(seen.known.silent).toMatchObject({ node: 'r1' });
    expect(seen.known.last?.offset).toBeGreaterThan((known.last?.offset ?? 0) + 1_000);
    // It is no news the next time, and nobody is told that a dead node drifts.
    const next = await watch(s, seen.known, { forMs: 1_500 });
    expect(next).toMatchObject({ event: 'slice', known: { findings: [], silent: { node: 'r1' } } });
    await s.lab.node('r1').restart();
    expect((await watch(s, next.known)).event).toBe('answers');
  });

  test('a frozen primary is silent too', async () => {
    const s = await watched();
    const known = await knownOf(s);
    s.lab.node('r1').freeze();
    try {
      expect((await watch(s, known)).event).toBe('silent');
    } finally {
      s.lab.node('r1').thaw();
    }
  });

  test('finds drift that stays and its end, not a blip', async () => {
    const s = await watched();
    const known = await knownOf(s);
    const set = (value: string) =>
      withRedis(s.lab.node('r2'), password, (redis) => redis.config('SET', 'min-replicas-to-write', value));
    await set('0');
    const drifted = await watch(s, known);
    expect(drifted.event).toBe('findings');
    expect(drifted.known.findings).toMatchObject([{ code: 'REDIS_WRITE_SAFETY_DEVIATES', place: 'r2' }]);
    await set('1');
    const mended = await watch(s, drifted.known);
    expect(mended).toMatchObject({ event: 'findings', known: { findings: [] } });
  });

  test('follows the discovery to another primary', async () => {
    const s = await watched();
    const known = await knownOf(s);
    await withRedis(s.lab.node('r2'), password, (redis) => redis.replicaof('NO', 'ONE'));
    await withRedis(s.lab.node('r1'), password, (redis) => redis.replicaof('127.0.0.1', s.lab.node('r2').port));
    await s.access.discovery.redirect({ primary: { host: '127.0.0.1', port: s.lab.node('r2').port }, epoch: 1 });
    expect(await watch(s, known)).toMatchObject({ event: 'primary-changed', known: { primary: 'r2' } });
  });

  test('a group that cannot be sampled is a finding: a wrong password, a secret that is missing', async () => {
    const s = await watched();
    const refused = await watch(s, nothing, { secret: 'wrong' });
    expect(refused).toMatchObject({ event: 'findings' });
    expect(refused.known.findings.map(({ code }) => code)).toContain('REDIS_AUTH_FAILED');
    expect(JSON.stringify(refused)).not.toContain('wrong');
  });

  test('a discovery that is down is a finding, and the known primary is sampled all the same', async () => {
    const s = await watched();
    const known = await knownOf(s);
    await s.discovery.stop();
    const seen = await watch(s, known);
    expect(seen.event).toBe('findings');
    expect(seen.known.findings).toMatchObject([{ code: 'DISCOVERY_UNREACHABLE', place: 'discovery' }]);
    expect(seen.known.last?.node).toBe('r1');
  });

  test('comes back within a second when it is told to, with what it has seen', async () => {
    const s = await watched();
    const known = await knownOf(s);
    const environment = quiet();
    const watching = watch(s, known, { environment });
    await pause(700);
    environment.cancel();
    const seen = await watching;
    expect(seen.event).toBe('interrupted');
    expect(seen.samples).toBeGreaterThan(1);
  });

  test('goes on from what a lost attempt has told in its heartbeats, the last offset of a primary that died with it', async () => {
    const s = await watched();
    const environment = quiet();
    const told: GuardHeartbeat[] = [];
    environment.on('heartbeat', (details) => told.push(details as GuardHeartbeat));
    const known = await knownOf(s);
    const lost = watch(s, known, { environment });
    await until(async () => told.length > 3, 5_000);
    environment.cancel();
    await lost;
    const last = told.at(-1);
    await s.lab.node('r1').kill();
    const seen = await watch(s, nothing, { resumed: last });
    expect(seen).toMatchObject({ event: 'silent', known: { last: last?.known.last } });
    expect(seen.samples).toBe(last?.samples);
  });
});
