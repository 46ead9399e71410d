import { expect, onTestFinished, test } from 'vitest';
import { labDown, labStatus, labUp } from '../../lab/index.ts';
import { describeWith, labFolder } from '../support/lab.ts';

const parts = ['discovery', 'redis'] as const;

function folder(): string {
  const stateDir = labFolder();
  onTestFinished(async () => void (await labDown({ stateDir })));
  return stateDir;
}

await describeWith(['redis'], 'the lab', () => {
  test('comes up with discovery knowing the Redis primary, and goes down again', async () => {
    const stateDir = folder();
    const up = await labUp({ stateDir, parts, redisPassword: 'secret', discoveryToken: 'token' });
    expect(up.map(({ name, running }) => [name, running])).toEqual([
      ['discovery', true],
      ['sessions-r1', true],
      ['sessions-r2', true],
      ['sessions-r3', true],
    ]);
    const url = up.find(({ name }) => name === 'discovery')?.endpoints['url'] as string;
    const { host, port } = up.find(({ name }) => name === 'sessions-r1')?.endpoints ?? {};
    expect(await (await fetch(`${url}/redis/sessions`)).json()).toEqual({
      ...{ group: 'sessions', primary: { host, port }, epoch: 0 },
    });
    expect((await labDown({ stateDir })).some(({ running }) => running)).toBe(false);
    expect(labStatus({ stateDir })).toEqual([]);
  });

  test('leaves what runs as it is when it is brought up again', async () => {
    const stateDir = folder();
    const first = await labUp({ stateDir, parts: ['discovery'] });
    expect(await labUp({ stateDir, parts: ['discovery'] })).toEqual(first);
  });
});
