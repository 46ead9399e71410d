import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { expect, test } from 'vitest';
import { makeTls } from '../../../../lab/tls.ts';
import { connectRedis } from '../../../../src/drivers/redis/index.ts';
import { describeWith, labFolder } from '../../../support/lab.ts';
import type { Scene, SceneOptions } from '../scene.ts';
import { addressOf, codeOf, password, roles, run, scene } from '../scene.ts';

const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));

/** A whole handover, from the plan to the proof. */
async function handOver(s: Scene): Promise<void> {
  const a = s.activities();
  const { data } = await s.plan();
  await run(a.redisCanary, 'ensure', data);
  await run(a.redisPrepareCandidate, 'ensure', data);
  if (data.sentinel) await run(a.redisPreferCandidate, 'ensure', data);
  expect(await run(a.redisHandover, 'ensure', data)).toMatchObject({ verdict: 'done', changed: true });
  expect(await run(a.redisSettle, 'ensure', data)).toMatchObject({ verdict: 'done' });
  expect(await run(a.redisRestoreWriteSafety, 'ensure', data)).toMatchObject({ verdict: 'done' });
  expect(await run(a.redisProveRoles, 'ensure', data)).toMatchObject({ verdict: 'done' });
  expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary' });
  expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r2')));
}

/** A group that speaks nothing but TLS, with client certificates, and is entered as a user of its own. */
function secured(more: SceneOptions = {}): { options: SceneOptions; tls: ReturnType<typeof makeTls> } {
  const tls = makeTls(labFolder());
  return {
    tls,
    options: {
      ...more,
      lab: { tls, username: 'gantry', ...more.lab },
      group: {
        username: 'gantry',
        tls: { ca: tls.ca, serverName: 'redis.lab', cert: tls.cert, privateKey: { file: tls.key } },
        ...more.group,
      },
    },
  };
}

await describeWith(['redis'], 'a handover of a secured group', () => {
  test('works over TLS with client certificates and an ACL user', async () => {
    await handOver(await scene(secured().options));
  });

  test('works under Sentinels that speak TLS and ask for a password too', async () => {
    const { options, tls } = secured({ sentinels: { sentinelPassword: 'sentinel-secret-1b' } });
    await handOver(await scene({ ...options, sentinels: { ...options.sentinels, tls } }));
  });

  test.skipIf(!hasIpv6)('works on IPv6 addresses, under Sentinels too', async () => {
    await handOver(await scene({ lab: { host: '::1' } }));
    await handOver(await scene({ lab: { host: '::1' }, sentinels: {} }));
  });

  test('is refused by a certificate of another name, without a certificate, and to a stranger', async () => {
    const { options, tls } = secured();
    const s = await scene(options);
    const at = s.lab.node('r1');
    const texts = {
      ca: readFileSync(tls.ca, 'utf8'),
      cert: readFileSync(tls.cert, 'utf8'),
      key: readFileSync(tls.key, 'utf8'),
    };
    const login = { username: 'gantry', password };
    expect(await catalogued(connectRedis(at, { ...login, tls: { ...texts, serverName: 'other.lab' } }))).toBe(
      'REDIS_TLS_FAILED',
    );
    expect(await catalogued(connectRedis(at, { ...login, tls: { cert: texts.cert, key: texts.key } }))).toBe(
      'REDIS_TLS_FAILED',
    );
    expect(
      await catalogued(
        connectRedis(at, { ...login, username: 'stranger', tls: { ...texts, serverName: 'redis.lab' } }),
      ),
    ).toBe('REDIS_AUTH_FAILED');
    const anonymous = { ca: tls.ca, serverName: 'redis.lab' };
    const without = s.activities(undefined, undefined, { ...s.config, tls: anonymous });
    expect(await codeOf(s.plan({}, without))).toBeDefined();
    const lost = { ...s.config.tls, ca: '/nowhere/ca.pem' };
    expect(() => s.activities(undefined, undefined, { ...s.config, tls: lost })).toThrow(/nowhere/);
  });
});

async function catalogued(connecting: Promise<{ close: () => void }>): Promise<string> {
  try {
    (await connecting).close();
    return 'connected';
  } catch (error) {
    return (error as { code?: string }).code ?? String(error);
  }
}
