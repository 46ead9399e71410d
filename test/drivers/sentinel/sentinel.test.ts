import { describe, expect, test } from 'vitest';
import { until } from '../../../lab/clock.ts';
import { startRedisGroup } from '../../../lab/redis/redis.ts';
import { startSentinels } from '../../../lab/redis/sentinel.ts';
import type { Switched } from '../../../src/drivers/sentinel/index.ts';
import { connectSentinel, watchSwitch } from '../../../src/drivers/sentinel/index.ts';
import { parseState, parseSwitch } from '../../../src/drivers/sentinel/parse.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';

const at = { host: '10.0.0.9', port: 26_379 };

describe('what a Sentinel answers', () => {
  const answer = (flags: string): string[] =>
    Object.entries({
      ...{ name: 'sessions', ip: '10.0.0.1', port: '6379', flags, 'config-epoch': '7', 'num-other-sentinels': '2' },
      ...{
        quorum: '2',
        'down-after-milliseconds': '5000',
        'failover-timeout': '60000',
        'failover-state': 'wait_start',
      },
    }).flat();

  test.each([
    ['master', { isDown: false, failoverInProgress: false }],
    ['s_down,master', { isDown: true, failoverInProgress: false }],
    ['master,failover_in_progress,force_failover', { isDown: false, failoverInProgress: true }],
  ])('is read by its flags: %s', (flags, wanted) => {
    expect(parseState(answer(flags), at)).toMatchObject({ ...wanted, configEpoch: 7, downAfterMs: 5_000 });
  });

  test.each([[null], [['name']], [answer('master').map((word) => (word === '7' ? 'seven' : word))]])(
    'is refused when it does not have its form: %j',
    (given) => {
      expect(() => parseState(given, at)).toThrow(/Sentinel 10\.0\.0\.9:26379/);
    },
  );

  test('is a switch only of the group that is asked about', () => {
    const text = 'sessions ::1 6379 ::2 6380';
    expect(parseSwitch(text, 'sessions')).toEqual({
      from: { host: '::1', port: 6379 },
      to: { host: '::2', port: 6380 },
    });
    expect(parseSwitch(text, 'session')).toBeUndefined();
    expect(parseSwitch('sessions', 'sessions')).toBeUndefined();
  });
});

await describeWith(['redis'], 'a connection to a Sentinel', () => {
  test('shows the group, and tells of a switch when it comes', async () => {
    const stateDir = labFolder();
    const group = stopping(await startRedisGroup({ stateDir, name: 'sessions', replicas: 1, password: 'secret' }));
    const primary = group.node('r1');
    const sentinels = stopping(
      await startSentinels({ stateDir, master: 'sessions', primary, replicas: 1, password: 'secret' }),
    );
    const sentinel = await connectSentinel(sentinels.node('s1'));
    stopping({ stop: () => sentinel.close() });

    const { host, port } = primary;
    expect(await sentinel.primaryAddress('sessions')).toEqual({ host, port });
    expect(await sentinel.state('sessions')).toMatchObject({ otherSentinels: 2, quorum: 2, downAfterMs: 2_000 });
    expect(await sentinel.ckquorum('sessions')).toMatchObject({ ok: true });
    expect(await sentinel.tilt()).toBe(false);
    expect(await sentinel.offersCoordinated()).toBe(false);
    expect(await sentinel.replicas('sessions')).toMatchObject([{ port: group.node('r2').port, priority: 100 }]);
    await expect(sentinel.state('other')).rejects.toMatchObject({ code: 'SENTINEL_UNKNOWN_MASTER' });
    await expect(sentinel.primaryAddress('other')).rejects.toMatchObject({ code: 'SENTINEL_UNKNOWN_MASTER' });
    const late = sentinel.failover('sessions', { notAfterMs: performance.now() - 1 });
    await expect(late).rejects.toMatchObject({ code: 'HANDOVER_LEASE_SPENT' });

    const switches: Switched[] = [];
    const stop = await watchSwitch(sentinels.node('s2'), {}, 'sessions', (switched) => switches.push(switched));
    await sentinel.failover('sessions');
    await expect(sentinel.failover('sessions')).rejects.toMatchObject({ code: 'SENTINEL_FAILOVER_IN_PROGRESS' });
    await until(async () => switches.length > 0, 10_000);
    stop();
    expect(switches).toMatchObject([{ from: { port }, to: { port: group.node('r2').port } }]);
  });
});

await describeWith(['valkey'], 'a Sentinel of Valkey 9', () => {
  test('offers COORDINATED', async () => {
    const stateDir = labFolder();
    const group = stopping(await startRedisGroup({ stateDir, name: 'sessions', replicas: 0, server: 'valkey' }));
    const primary = group.node('r1');
    const sentinels = stopping(
      await startSentinels({ stateDir, master: 'sessions', primary, count: 1, quorum: 1, server: 'valkey' }),
    );
    const sentinel = await connectSentinel(sentinels.node('s1'));
    expect(await sentinel.offersCoordinated()).toBe(true);
    sentinel.close();
  });
});
