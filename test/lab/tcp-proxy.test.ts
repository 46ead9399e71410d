import type { Socket } from 'node:net';
import { connect, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { monotonicMs, pause } from '../../lab/clock.ts';
import type { TcpProxy } from '../../lab/faults/tcp-proxy.ts';
import { startTcpProxy } from '../../lab/faults/tcp-proxy.ts';
import { stopping } from '../support/lab.ts';

/** A proxy in front of a server that sends everything back. */
async function echoProxy(): Promise<TcpProxy> {
  const server = createServer((socket) => void socket.on('error', () => undefined).pipe(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return stopping(await startTcpProxy({ target: { host: '127.0.0.1', port: (server.address() as AddressInfo).port } }));
}

function open(proxy: TcpProxy): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(proxy.port, proxy.host);
    onTestFinished(() => void socket.destroy());
    socket.once('connect', () => resolve(socket)).once('error', reject);
  });
}

const next = (socket: Socket, event: 'data' | 'close'): Promise<string> =>
  new Promise((resolve) => socket.once(event, (chunk: unknown) => resolve(String(chunk))));

describe('a TCP proxy', () => {
  test('passes bytes both ways', async () => {
    const socket = await open(await echoProxy());
    socket.write('hello');
    expect(await next(socket, 'data')).toBe('hello');
  });

  test('delays each direction, in order', async () => {
    const proxy = await echoProxy();
    const socket = await open(proxy);
    proxy.delay(50);
    const sentMs = monotonicMs();
    socket.write('late');
    expect(await next(socket, 'data')).toBe('late');
    expect(monotonicMs() - sentMs).toBeGreaterThan(95);
  });

  test('resets connections and refuses new ones when cut, until healed', async () => {
    const proxy = await echoProxy();
    const socket = await open(proxy);
    socket.write('x');
    await next(socket, 'data');
    const failed = new Promise<Error>((resolve) => socket.once('error', resolve));
    await proxy.cut();
    expect((await failed).message).toMatch(/ECONNRESET/);
    await expect(open(proxy)).rejects.toThrow(/ECONNREFUSED/);
    await proxy.heal();
    const again = await open(proxy);
    again.write('back');
    expect(await next(again, 'data')).toBe('back');
  });

  test('swallows bytes when it drops, and resets who lost some when healed', async () => {
    const proxy = await echoProxy();
    const socket = await open(proxy);
    socket.on('error', () => undefined);
    proxy.drop();
    let answered = false;
    socket.once('data', () => (answered = true));
    socket.write('lost');
    await pause(100);
    expect(answered).toBe(false);
    const closed = next(socket, 'close');
    await proxy.heal();
    await closed;
    expect(answered).toBe(false);
  });

  test('delivers what it held once healed', async () => {
    const proxy = await echoProxy();
    const socket = await open(proxy);
    proxy.hold();
    const answer = next(socket, 'data');
    socket.write('patient');
    await pause(50);
    await proxy.heal();
    expect(await answer).toBe('patient');
  });
});
