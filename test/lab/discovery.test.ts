import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { startDiscovery } from '../../lab/discovery/discovery.ts';
import { pause } from '../../lab/clock.ts';
import { labFolder, stopping } from '../support/lab.ts';

const r1 = { host: '127.0.0.1', port: 7001 };
const r2 = { host: '127.0.0.1', port: 7002 };

async function scene(token?: string) {
  const file = join(labFolder(), 'discovery.json');
  const discovery = stopping(await startDiscovery({ file, ...(token ? { token } : {}) }));
  const at = `${discovery.url}/redis/sessions`;
  const put = async (primary: typeof r1, epoch: number, bearer?: string) => {
    const headers = bearer ? { authorization: `Bearer ${bearer}` } : {};
    return (await fetch(at, { method: 'PUT', headers, body: JSON.stringify({ primary, epoch }) })).status;
  };
  const get = async (query = '') => (await fetch(at + query)).json();
  return { file, discovery, put, get };
}

describe('discovery', () => {
  test('refuses an older epoch and keeps what it knew', async () => {
    const { put, get } = await scene();
    expect(await put(r1, 5)).toBe(200);
    expect(await put(r2, 4)).toBe(409);
    expect(await get()).toEqual({ group: 'sessions', primary: r1, epoch: 5 });
  });

  test('takes the same epoch again only for the same primary', async () => {
    const { put } = await scene();
    await put(r1, 5);
    expect(await put(r1, 5)).toBe(200);
    expect(await put(r2, 5)).toBe(409);
  });

  test('tells a waiting client about a new primary at once', async () => {
    const { put, get } = await scene();
    await put(r1, 1);
    const waiting = get('?after=1&waitMs=600000');
    await pause(50);
    await put(r2, 2);
    expect(await waiting).toEqual({ group: 'sessions', primary: r2, epoch: 2 });
  });

  test('answers a waiting client with what is known when nothing happens', async () => {
    const { put, get } = await scene();
    await put(r1, 1);
    expect(await get('?after=1&waitMs=50')).toEqual({ group: 'sessions', primary: r1, epoch: 1 });
  });

  test('knows after a restart what it was told before', async () => {
    const { file, discovery, put } = await scene();
    await put(r2, 7);
    await discovery.stop();
    const again = stopping(await startDiscovery({ file }));
    expect(again.get('sessions')).toEqual({ group: 'sessions', primary: r2, epoch: 7 });
  });

  test('takes a PUT only with the token, when it has one', async () => {
    const { put } = await scene('secret');
    expect(await put(r1, 1)).toBe(401);
    expect(await put(r1, 1, 'wrong')).toBe(401);
    expect(await put(r1, 1, 'secret')).toBe(200);
  });
});
