import { describe, expect, test } from 'vitest';
import { nodeNames } from '../../../../activities/redis/access/node-names.ts';

const nodes = [
  { host: 'a.example', port: 6379 },
  { host: 'b.example', port: 6379 },
];
const at = (host: string) => ({ host, port: 6379 });

/** A name service that knows both nodes, and can be told to fail or to say nothing. */
function names(withinMs = 1_000) {
  const asked: string[] = [];
  let mode: 'works' | 'fails' | 'hangs' = 'works';
  const { resolve, spelling } = nodeNames(
    nodes,
    async (host) => {
      asked.push(host);
      if (mode === 'fails') throw new Error(`getaddrinfo ENOTFOUND ${host}`);
      if (mode === 'hangs') return new Promise<never>(() => undefined);
      return Promise.resolve([host === 'a.example' ? '10.0.0.1' : '10.0.0.2']);
    },
    withinMs,
  );
  return { asked, resolve, spelling, set: (next: typeof mode) => (mode = next) };
}

describe('the spelling of an address', () => {
  test('is the platform file’s for a node of it, and the address itself for any other', async () => {
    const { spelling } = names();
    expect(await spelling(at('b.example'))).toEqual(at('b.example'));
    expect(await spelling(at('10.0.0.1'))).toEqual(at('a.example'));
    expect(await spelling(at('10.0.0.9'))).toEqual(at('10.0.0.9'));
    expect(await spelling({ host: '10.0.0.1', port: 1 })).toEqual({ host: '10.0.0.1', port: 1 });
  });

  test('is never a stranger’s because a name does not resolve: it cannot be told then', async () => {
    const { spelling, set } = names();
    set('fails');
    await expect(spelling(at('10.0.0.1'))).rejects.toMatchObject({
      code: 'REDIS_UNREACHABLE',
      message: expect.stringMatching(/a\.example: .*ENOTFOUND/) as string,
    });
    set('works');
    expect(await spelling(at('10.0.0.1'))).toEqual(at('a.example'));
  });

  test('is looked up once, however often it is asked and whatever becomes of the name service', async () => {
    const { spelling, resolve, asked, set } = names();
    await resolve();
    set('fails');
    for (const host of ['10.0.0.1', '10.0.0.2', '10.0.0.9', '10.0.0.1']) await spelling(at(host));
    expect(asked.sort()).toEqual(['a.example', 'b.example']);
  });

  test('is not waited for when the name service says nothing', async () => {
    const { resolve, set } = names(50);
    set('hangs');
    await expect(resolve()).rejects.toMatchObject({ code: 'REDIS_UNREACHABLE' });
  });
});
