import { expect, test } from 'vitest';
import { withRedis } from '../../../lab/redis/client.ts';
import { describeWith } from '../../support/lab.ts';
import { scene, writeIsHeld } from './scene.ts';

await describeWith(['redis'], 'what the tests of the redis steps ask', () => {
  test('a write is held while writes are paused, and not before or after', async () => {
    const s = await scene();
    expect(await writeIsHeld(s, 'r1')).toBe(false);
    await withRedis(s.lab.node('r1'), s.lab.login, (client) => client.call('CLIENT', 'PAUSE', '600000', 'WRITE'));
    expect(await writeIsHeld(s, 'r1')).toBe(true);
    await withRedis(s.lab.node('r1'), s.lab.login, (client) => client.call('CLIENT', 'UNPAUSE'));
    expect(await writeIsHeld(s, 'r1')).toBe(false);
  });
});
