import { expect, test } from 'vitest';
import { pause } from '../../../../lab/clock.ts';
import { withRedis } from '../../../../lab/redis/client.ts';
import { describeWith } from '../../../support/lab.ts';
import type { Scene } from '../scene.ts';
import { addressOf, codeOf, hooked, killed, password, roles, run, scene, writeIsHeld, writeMs } from '../scene.ts';

const patience = { pauseMs: 3_000, equalityMs: 2_000, leaseReserveMs: 500, failoverTimeoutMs: 1_000 };

async function planned(s: Scene) {
  const { data } = await s.plan({ procedure: 'failover' });
  await run(s.activities().redisPrepareCandidate, 'ensure', data);
  return data;
}

await describeWith(['redis'], 'the handover by FAILOVER', () => {
  test('loses no acknowledged write and never has two primaries', async () => {
    const s = await scene({ replicas: 2 });
    const data = await planned(s);
    const writers = await s.writers();
    const sinceMs = await writers.mark('before');
    const report = await run(s.activities().redisHandover, 'ensure', data);
    await pause(500);
    const { twoPrimaries } = await writers.twoPrimaries({ sinceMs });
    await writers.stop();
    expect(report).toMatchObject({ verdict: 'done', changed: true });
    expect(twoPrimaries).toBe(false);
    expect(await writers.verify(s.lab.node(data.candidate.name))).toMatchObject({ lost: 0 });
  });

  test('keeps exactly one primary whichever node restarts afterwards', async () => {
    const s = await scene();
    const data = await planned(s);
    await run(s.activities().redisHandover, 'ensure', data);
    for (const name of ['r1', 'r2']) {
      await s.lab.node(name).kill();
      await s.lab.node(name).restart();
      expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary' });
    }
  });

  test('is attached to by a retry when its worker dies after it was started', async () => {
    const s = await scene();
    const data = await planned(s);
    const dying = s.activities(hooked({ 'r1.failoverTo': { after: killed } }));
    await codeOf(run(dying.redisHandover, 'ensure', data));
    expect(await run(s.activities().redisHandover, 'ensure', data, { attempt: 2 })).toMatchObject({ verdict: 'done' });
    expect((await s.told())?.primary).toEqual(addressOf(s.lab.node('r2')));
  });

  test('gives up by itself when the candidate does not follow, and writes go on', async () => {
    const s = await scene({ group: { handover: patience } });
    const data = await planned(s);
    const stuck = hooked({
      // Frozen only for the server: what the driver asks in between is answered from what it was.
      'r1.failoverTo': { before: () => s.lab.node('r2').freeze() },
    });
    const a = s.activities((name, node) => {
      if (name !== 'r2') return stuck(name, node);
      let last: ReturnType<typeof node.replication> | undefined;
      return {
        ...node,
        replication: () => (last ??= node.replication()),
        epoch: async () => {
          last = node.replication();
          await last;
          return node.epoch();
        },
      };
    });
    const writers = await s.writers();
    const code = await codeOf(run(a.redisHandover, 'ensure', data));
    s.lab.node('r2').thaw();
    await writers.stop();
    expect(code).toBe('HANDOVER_NOT_EQUAL');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
    expect(await writeIsHeld(s, 'r1')).toBe(false);
  });

  test('that still waits is given its time by the undo, which aborts nothing', async () => {
    const s = await scene({ group: { handover: patience }, lab: { minReplicasToWrite: 0 } });
    const data = await planned(s);
    const { before } = await run(s.activities().redisHandover, 'inspect', data);
    const held = await s.node('r2');
    await held.pauseWrites(20_000);
    await writeMs(s, 'r1', 'test:ahead');
    await withRedis(s.lab.node('r1'), password, (client) =>
      client.call('FAILOVER', 'TO', s.lab.node('r2').host, s.lab.node('r2').port, 'TIMEOUT', 1_000),
    );
    await run(s.activities().redisHandover, 'undo', data, { before });
    await held.unpause();
    held.close();
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
    expect(await writeIsHeld(s, 'r1')).toBe(false);
  });

  test('is not started by an attempt that was overtaken', async () => {
    const s = await scene();
    const data = await planned(s);
    const overtake = (): Promise<unknown> =>
      withRedis(s.lab.node('r1'), password, (client) => client.incr('gantry:epoch'));
    const stale = s.activities(hooked({ 'r1.failoverTo': { before: overtake } }));
    expect(await codeOf(run(stale.redisHandover, 'ensure', data))).toBe('HANDOVER_OVERTAKEN');
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
  });
});
