import type { ChildProcessWithoutNullStreams } from 'node:child_process';
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

/** A client whose connection stays; each line is a command, each answer a line. */
function clientOf(network: OwnNetwork, port: number): { say: (line: string) => void; heard: () => string[] } {
  const child = network.start(['redis-cli', '-p', `${port}`]);
  let heard = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (heard += text));
  return { say: (line) => child.stdin.write(`${line}\n`), heard: () => heard.split('\n').filter(Boolean) };
}

const reaches = async (from: OwnNetwork, host: string, port: number): Promise<boolean> =>
  (await from.run(['timeout', '1', 'redis-cli', '-h', host, '-p', `${port}`, 'PING'])).said === 'PONG\n';

await describeWith(['own-network', 'redis'], 'the network fence', () => {
  const fence = (network: OwnNetwork, ...words: string[]): ReturnType<OwnNetwork['run']> =>
    network.run(['sh', script, ...words]);

  test('nobody reaches the port, nor is answered on a connection that stood; confirmed by what the kernel has', async () => {
    const network = stopping(await startOwnNetwork());
    const { port } = await serverIn(network);
    const client = clientOf(network, port);
    client.say('INCR n');
    expect(await until(async () => client.heard().length === 1, 5_000)).toBe(true);
    expect(await fence(network, 'confirm', `${port}`)).toEqual({ code: 1, said: `port ${port} is not fenced\n` });
    // Twice, as after a lost answer.
    for (const time of [1, 2]) {
      expect({ time, ...(await fence(network, 'fence', `${port}`)) }).toEqual({ time, code: 0, said: '' });
    }
    expect(await fence(network, 'confirm', `${port}`)).toMatchObject({ code: 0 });
    client.say('INCR n');
    await pause(silentMs);
    expect(client.heard()).toEqual(['1']);
    expect(await reaches(network, '127.0.0.1', port)).toBe(false);
    // Another port is another matter.
    expect(await fence(network, 'confirm', '6391')).toMatchObject({ code: 1 });
    const other = await serverIn(network, 6391);
    expect(await reaches(network, '127.0.0.1', other.port)).toBe(true);
  });

  test('a frozen primary that wakes acknowledges nothing of what waits in its sockets', async () => {
    const network = stopping(await startOwnNetwork());
    const { port, process, aside } = await serverIn(network);
    const client = clientOf(network, port);
    client.say('INCR n');
    expect(await until(async () => client.heard().length === 1, 5_000)).toBe(true);
    process.kill('SIGSTOP');
    client.say('INCR n');
    await pause(100);
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
      expect([code, said]).toEqual([1, 'the rules of gantry_fence_6390 are not those of a fence\n']);
    }
  });

  test('is lifted only once nothing listens on the port', async () => {
    const network = stopping(await startOwnNetwork());
    const { port, process } = await serverIn(network);
    await fence(network, 'fence', `${port}`);
    expect(await fence(network, 'lift', `${port}`)).toMatchObject({ code: 1 });
    expect(await fence(network, 'confirm', `${port}`)).toMatchObject({ code: 0 });
    process.kill('SIGKILL');
    expect(await until(async () => (await fence(network, 'lift', `${port}`)).code === 0, 5_000)).toBe(true);
    expect(await fence(network, 'lift', `${port}`)).toEqual({ code: 0, said: '' });
    await serverIn(network, port);
    expect(await reaches(network, '127.0.0.1', port)).toBe(true);
  });

  test('on the host of a VM: its address alone is out of reach, for others and for the host', async () => {
    const [client, host, vm] = [
      stopping(await startOwnNetwork()),
      stopping(await startOwnNetwork()),
      stopping(await startOwnNetwork()),
    ];
    const cable = async (other: OwnNetwork, subnet: string): Promise<void> => {
      const name = `to${other.pid}`;
      const set = async (network: OwnNetwork, ...words: string[]): Promise<void> => {
        expect(await network.run(['ip', ...words])).toEqual({ code: 0, said: '' });
      };
      await set(host, 'link', 'add', name, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', `${other.pid}`);
      await set(host, 'addr', 'add', `${subnet}.1/24`, 'dev', name);
      await set(host, 'link', 'set', name, 'up');
      await set(other, 'addr', 'add', `${subnet}.2/24`, 'dev', 'eth0');
      await set(other, 'link', 'set', 'eth0', 'up');
      await set(other, 'route', 'add', 'default', 'via', `${subnet}.1`);
    };
    await cable(client, '10.77.1');
    await cable(vm, '10.77.2');
    await host.run(['sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward']);
    const address = '10.77.2.2';
    await serverIn(vm, 6390, '0.0.0.0');
    await serverIn(vm, 6391, '0.0.0.0');
    // The host has a server of its own on that port, for others.
    await serverIn(host, 6390, '0.0.0.0');
    for (const from of [client, host]) expect(await reaches(from, address, 6390)).toBe(true);
    expect(await fence(host, 'fence', '6390', address)).toEqual({ code: 0, said: '' });
    expect(await fence(host, 'confirm', '6390', address)).toMatchObject({ code: 0 });
    for (const from of [client, host]) expect(await reaches(from, address, 6390)).toBe(false);
    expect(await reaches(client, address, 6391)).toBe(true);
    expect(await reaches(client, '10.77.1.1', 6390)).toBe(true);
    expect(await fence(host, 'lift', '6390', address)).toMatchObject({ code: 0 });
    expect(await reaches(client, address, 6390)).toBe(true);
  });

  test('changes nothing for what is no port and no address of the kernel’s spelling', async () => {
    const network = stopping(await startOwnNetwork());
    const wrong = [
      ['0'],
      ['65536'],
      ['redis'],
      ['6390', 'db-1'],
      ['6390', '10.0.0.1; flush ruleset'],
      ['6390', 'fd00::0001'],
    ];
    for (const words of wrong) expect(await fence(network, 'fence', ...words)).toMatchObject({ code: 2 });
    expect(await fence(network, 'stop', '6390')).toMatchObject({ code: 2 });
    expect(await network.run(['nft', 'list', 'ruleset'])).toEqual({ code: 0, said: '' });
  });
});
