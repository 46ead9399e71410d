import { expect, test } from 'vitest';
import { pause } from '../../../../lab/clock.ts';
import { withRedis } from '../../../../lab/redis/client.ts';
import { createRedisActivities } from '../../../../activities/redis/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import { createLog } from '../../../../src/telemetry/log.ts';
import type { RedisAudit } from '../../../../src/runs/index.ts';
import { describeWith } from '../../../support/lab.ts';
import { oneDigest } from '../../../support/one-digest.ts';
import type { Scene } from '../scene.ts';
import { codeOf, groupName, hooked, killed, password, quiet, run, scene, testGuardPolicy } from '../scene.ts';

/** `code@place` of what an audit finds. */
async function audit(s: Scene, input: { group?: string } = { group: groupName }): Promise<string[]> {
  const { groups }: RedisAudit = await quiet().run(s.activities().redisAudit, input);
  return groups.flatMap(({ findings }) => findings.map(({ code, place }) => (place ? `${code}@${place}` : code)));
}

await describeWith(['redis'], 'an audit', () => {
  test('finds nothing in a sound group, and knows all groups', async () => {
    const s = await scene({ replicas: 2 });
    expect(await audit(s)).toEqual([]);
    expect(await audit(s, {})).toEqual([]);
  });

  test('finds a write pause, and leaves no write behind that the pause held back', async () => {
    const s = await scene();
    const node = await s.node('r1');
    await node.pauseWrites(5_000);
    expect(await audit(s)).toEqual(['REDIS_WRITES_PAUSED@r1']);
    // The node notices a closed connection within its next turn.
    await pause(100);
    await node.unpause();
    expect(await node.get('gantry:probe')).toBeUndefined();
    node.close();
  });

  test('finds a deviation from the write safety of the platform file', async () => {
    const s = await scene();
    await run(s.activities().redisPrepareCandidate, 'ensure', (await s.plan()).data);
    expect(await audit(s)).toEqual(['REDIS_WRITE_SAFETY_DEVIATES@r2', 'REDIS_WRITE_SAFETY_DEVIATES@r1:record']);
  });

  test('makes a secret that is missing the finding of one group, and looks at the others', async () => {
    const s = await scene();
    const { redisAudit } = createRedisActivities({
      groups: (name) => {
        if (name === groupName) return s.access;
        throw new GantryError('SECRET_NOT_FOUND', 'the environment variable X is not set');
      },
      groupNames: ['other', groupName],
      guardPolicy: testGuardPolicy,
      runtime: oneDigest('any'),
      log: createLog('silent'),
    });
    const { groups }: RedisAudit = await quiet().run(redisAudit, {});
    expect(groups).toMatchObject([
      { group: 'other', findings: [{ code: 'SECRET_NOT_FOUND' }] },
      { group: groupName, primary: 'r1', findings: [] },
    ]);
  });

  test('finds two primaries', async () => {
    const s = await scene({ replicas: 2 });
    await withRedis(s.lab.node('r3'), password, (client) => client.replicaof('NO', 'ONE'));
    expect(await audit(s)).toContain('REDIS_SPLIT_BRAIN');
  });

  test('finds a handover that was terminated in between', async () => {
    const s = await scene();
    const { data } = await s.plan();
    const dying = s.activities(hooked({ 'r2.promote': { before: killed } }));
    await codeOf(run(dying.redisHandover, 'ensure', data));
    expect(await audit(s)).toContain('REDIS_NO_PRIMARY');
  });

  test('finds a discovery that names another node, and a replica that follows nobody known', async () => {
    const s = await scene({ replicas: 2 });
    await s.access.discovery.redirect({ primary: { host: '127.0.0.1', port: s.lab.node('r2').port }, epoch: 1 });
    await withRedis(s.lab.node('r3'), password, (client) => client.replicaof('127.0.0.1', 1));
    expect((await audit(s)).sort()).toEqual(['DISCOVERY_DISAGREES@discovery', 'REDIS_REPLICA_UNLINKED@r3']);
  });
});
