import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { pause, until } from '../../../lab/clock.ts';
import type { OwnNetwork } from '../../../lab/own-network.ts';
import { startOwnNetwork } from '../../../lab/own-network.ts';
import { describeWith, labFolder, stopping } from '../../support/lab.ts';

const script = fileURLToPath(new URL('../../../deploy/redis/fence-nft.sh', import.meta.url));
/** So long an answer is waited for that must not come. Milliseconds. */
const silentMs = 1_000;

type Server = { process: ChildProcessWithoutNullStreams; port: number; aside: (...words: string[]) => Promise<string> };

/** A server in a network of its own; `aside` asks it past the network. */
async function serverIn(network: OwnNetwork, port = 6390, bind = '127.0.0.1'): Promise<Server> {
  const socket = join(labFolder(), 'redis.sock');
  const quiet = ['--save', '', '--protected-mode', 'no', '--dir', labFolder()];
  const argv = ['redis-server', '--port', `${port}`, '--bind', bind, '--unixsocket', socket, ...quiet];
  const process = network.start(argv);
  const aside = async (...words: string[]): Promise<string> =>
    (await network.run(['redis-cli', '-s', socket, ...words])).said.trim();
  expect(await until(async () => (await aside('PING')) === 'PONG', 10_000)).toBe(true);
  return { process, port, aside };
}

const twoPorts = `for (const port of [6398, 6399]) require('node:net').createServer().listen(port, '127.0.0.1')`;

/** Something that was sent lies unread in a socket of this port. */
async function waits(network: OwnNetwork, port: number): Promise<void> {
  const unread = async (): Promise<boolean> => {
    const { said } = await network.run(['ss', '-Htn', 'state', 'established', `sport = :${port}`]);
    return said.split('\n').some((line) => Number(line.trim().split(/\s+/)[0]) > 0);
  };
  expect(await until(unread, 5_000)).toBe(true);
}

/** A client whose connection stays; each line is a command, each answer a line. */
function clientOf(
  network: OwnNetwork,
  port: number,
  host = '127.0.0.1',
): { say: (line: string) => void; heard: () => string[] } {
  const child = network.start(['redis-cli', '-h', host, '-p', `${port}`]);
  let heard = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (heard += text));
  return { say: (line) => child.stdin.write(`${line}\n`), heard: () => heard.split('\n').filter(Boolean) };
}

/** One try, which may take a second. */
const reaches = async (from: OwnNetwork, host: string, port: number): Promise<boolean> =>
  (await from.run(['timeout', '1', 'redis-cli', '-h', host, '-p', `${port}`, 'PING'])).said === 'PONG\n';

/** Once the machine has had the time for it. */
const comesThrough = async (from: OwnNetwork, host: string, port: number): Promise<boolean> =>
  (await until(() => reaches(from, host, port), 10_000)) === true;

/** Three tries in vain. */
async function isOut(from: OwnNetwork, host: string, port: number): Promise<boolean> {
  for (let tries = 0; tries < 3; tries += 1) if (await reaches(from, host, port)) return false;
  return true;
}

await describeWith(['own-network', 'redis'], 'the network fence', () => {
  const fence = (network: OwnNetwork, ...words: string[]): ReturnType<OwnNetwork['run']> =>
    network.run(['sh', script, ...words]);

  test('nobody reaches the port, nor is answered on a connection that stood; confirmed by what the kernel has', async () => {
    const network = stopping(await startOwnNetwork());
    const { port } = await serverIn(network);
    const client = clientOf(network, port);
    client.say('INCR n');
    expect(await until(async () => client.heard().length === 1, 5_000)).toBe(true);
    expect(await fence(network, 'confirm', `${port}`)).toEqual({
      code: 1,
      said: `the kernel does not have the rules of gantry_fence_${port} as they must be\n`,
    });
    // Twice, as after a lost answer.
    for (const time of [1, 2]) {
      expect({ time, ...(await fence(network, 'fence', `${port}`)) }).toEqual({ time, code: 0, said: '' });
    }
    expect(await fence(network, 'confirm', `${port}`)).toMatchObject({ code: 0 });
    client.say('INCR n');
    await pause(silentMs);
    expect(client.heard()).toEqual(['1']);
    expect(await isOut(network, '127.0.0.1', port)).toBe(true);
    // Another port is another matter.
    expect(await fence(network, 'confirm', '6391')).toMatchObject({ code: 1 });
    const other = await serverIn(network, 6391);
    expect(await comesThrough(network, '127.0.0.1', other.port)).toBe(true);
  });

  test('a frozen primary that wakes acknowledges nothing of what waits in its sockets', async () => {
    const network = stopping(await startOwnNetwork());
    const { port, process, aside } = await serverIn(network);
    const client = clientOf(network, port);
    client.say('INCR n');
    expect(await until(async () => client.heard().length === 1, 5_000)).toBe(true);
    process.kill('SIGSTOP');
    client.say('INCR n');
    await waits(network, port);
    expect(await fence(network, 'fence', `${port}`)).toMatchObject({ code: 0 });
    process.kill('SIGCONT');
    // It takes the write: that nobody is told of it is all that a network can do.
    expect(await until(async () => (await aside('GET', 'n')) === '2', 5_000)).toBe(true);
    await pause(silentMs);
    expect(client.heard()).toEqual(['1']);
  });

  test('is not confirmed where its rules are not as they must be', async () => {
    const network = stopping(await startOwnNetwork());
    const table = ['inet', 'gantry_fence_6390'];
    for (const changed of [
      ['nft', 'flush', 'chain', ...table, 'output'],
      ['nft', 'insert', 'rule', ...table, 'input', 'ip', 'saddr', '10.0.0.1', 'accept'],
      ['nft', 'add', 'table', ...table, '{', 'flags', 'dormant', ';', '}'],
    ]) {
      await fence(network, 'fence', '6390');
      expect(await fence(network, 'confirm', '6390')).toMatchObject({ code: 0 });
      expect(await network.run(changed)).toMatchObject({ code: 0 });
      const { code, said } = await fence(network, 'confirm', '6390');
      expect([code, said]).toEqual([1, 'the kernel does not have the rules of gantry_fence_6390 as they must be\n']);
    }
  });

  test('is lifted only once nothing listens on the port', async () => {
    const network = stopping(await startOwnNetwork());
    const { port, process } = await serverIn(network);
    await fence(network, 'fence', `${port}`);
    expect(await fence(network, 'lift', `${port}`)).toMatchObject({ code: 2 });
    expect(await fence(network, 'confirm', `${port}`)).toMatchObject({ code: 0 });
    process.kill('SIGKILL');
    expect(await until(async () => (await fence(network, 'lift', `${port}`)).code === 0, 5_000)).toBe(true);
    expect(await fence(network, 'lift', `${port}`)).toEqual({ code: 0, said: '' });
    await serverIn(network, port);
    expect(await comesThrough(network, '127.0.0.1', port)).toBe(true);
    // As after an abort: it goes on.
    await fence(network, 'fence', `${port}`);
    expect(await fence(network, 'lift', '--listening', `${port}`)).toEqual({ code: 0, said: '' });
    expect(await comesThrough(network, '127.0.0.1', port)).toBe(true);
  });

  test('holds also where the port is handed on to a container under another one', async () => {
    const [client, host, container] = [
      stopping(await startOwnNetwork()),
      stopping(await startOwnNetwork()),
      stopping(await startOwnNetwork()),
    ];
    const set = async (network: OwnNetwork, ...words: string[]): Promise<void> => {
      expect(await network.run(words)).toEqual({ code: 0, said: '' });
    };
    for (const [other, subnet] of [
      [client, '10.77.1'],
      [container, '10.77.2'],
    ] as const) {
      const name = `to${other.pid}`;
      const pair = ['type', 'veth', 'peer', 'name', 'eth0', 'netns', `${other.pid}`];
      await set(host, 'ip', 'link', 'add', name, ...pair);
      await set(host, 'ip', 'addr', 'add', `${subnet}.1/24`, 'dev', name);
      await set(host, 'ip', 'link', 'set', name, 'up');
      await set(other, 'ip', 'addr', 'add', `${subnet}.2/24`, 'dev', 'eth0');
      await set(other, 'ip', 'link', 'set', 'eth0', 'up');
      await set(other, 'ip', 'route', 'add', 'default', 'via', `${subnet}.1`);
    }
    await set(host, 'sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward');
    const nat = '{ type nat hook prerouting priority -100; }';
    const handOn = 'add rule ip published in tcp dport 6390 dnat ip to 10.77.2.2:7000';
    await set(host, 'nft', `add table ip published; add chain ip published in ${nat}; ${handOn}`);
    const { process, aside } = await serverIn(container, 7000, '0.0.0.0');
    expect(await comesThrough(client, '10.77.1.1', 6390)).toBe(true);
    const standing = clientOf(client, 6390, '10.77.1.1');
    standing.say('INCR n');
    expect(await until(async () => standing.heard().length === 1, 5_000)).toBe(true);
    process.kill('SIGSTOP');
    standing.say('INCR n');
    await waits(container, 7000);
    await set(host, 'sh', script, 'fence', '6390');
    expect(await fence(host, 'confirm', '6390')).toMatchObject({ code: 0 });
    process.kill('SIGCONT');
    expect(await until(async () => (await aside('GET', 'n')) === '2', 5_000)).toBe(true);
    standing.say('INCR n');
    expect(await isOut(client, '10.77.1.1', 6390)).toBe(true);
    expect([standing.heard(), await aside('GET', 'n')]).toEqual([['1'], '2']);
  });

  test('is not confirmed while the same server listens on a port that is not fenced', async () => {
    const network = stopping(await startOwnNetwork());
    await serverIn(network, 6390);
    await serverIn(network, 6391);
    // What listens twice, as Redis does with TLS beside plain.
    network.start([process.execPath, '-e', twoPorts]);
    expect(await until(async () => (await network.run(['ss', '-Hltn'])).said.includes(':6399 '), 10_000)).toBe(true);
    await fence(network, 'fence', '6390');
    expect(await fence(network, 'confirm', '6390')).toMatchObject({ code: 0 });
    await fence(network, 'fence', '6398');
    expect(await fence(network, 'confirm', '6398')).toEqual({
      code: 1,
      said: 'who listens on 6398 listens on 6399 too, which is not fenced\n',
    });
    await fence(network, 'fence', '6398', '6399');
    expect(await fence(network, 'confirm', '6398', '6399')).toMatchObject({ code: 0 });
    expect(await fence(network, 'confirm', '6398')).toMatchObject({ code: 1 });
  });

  test('what cannot be looked at confirms nothing and lifts nothing', async () => {
    const network = stopping(await startOwnNetwork());
    await fence(network, 'fence', '6390');
    const without = (program: string, ...words: string[]): ReturnType<OwnNetwork['run']> => {
      const folder = labFolder();
      writeFileSync(join(folder, program), '#!/bin/sh\nexit 255\n', { mode: 0o755 });
      return network.run(['env', `PATH=${folder}:${process.env['PATH']}`, 'sh', script, ...words]);
    };
    for (const program of ['nft', 'sed', 'ss']) {
      expect(await without(program, 'confirm', '6390')).toMatchObject({ code: 1 });
      expect((await without(program, 'lift', '6390')).code).not.toBe(0);
    }
    expect(await network.run(['env', 'PATH=/nowhere', '/bin/sh', script, 'confirm', '6391'])).toMatchObject({
      code: 2,
    });
    expect(await fence(network, 'confirm', '6390')).toMatchObject({ code: 0 });
  });

  test('changes nothing for what is no port', async () => {
    const network = stopping(await startOwnNetwork());
    const wrong = [['0'], ['65536'], ['redis'], ['6390', 'db-1'], ['6390; flush ruleset'], [], ['']];
    for (const words of wrong) expect(await fence(network, 'fence', ...words)).toMatchObject({ code: 2 });
    expect(await fence(network, 'stop', '6390')).toMatchObject({ code: 2 });
    expect(await network.run(['nft', 'list', 'ruleset'])).toEqual({ code: 0, said: '' });
  });
});
