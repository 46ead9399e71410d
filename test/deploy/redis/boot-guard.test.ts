import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';
import { redisInfo, withRedis } from '../../../lab/redis/client.ts';
import { linkUp } from '../../../lab/redis/redis.ts';
import { describeWith, labFolder } from '../../support/lab.ts';
import type { Scene } from '../../activities/redis/scene.ts';
import { password, roles, scene } from '../../activities/redis/scene.ts';

const script = fileURLToPath(new URL('../../../deploy/redis/boot-guard.sh', import.meta.url));

type End = { code: number | null; said: string };

/** Runs the guard under dash, as systemd would: with nothing but its settings. */
function guard(settings: Record<string, string>): Promise<End> {
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/sh', [script], { env: { PATH: process.env['PATH'], GUARD_WAIT: '0', ...settings } });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}

/** What a discovery answers, whatever is asked; and what it was asked with. */
async function answering(status: number, body: string): Promise<{ url: string; tokens: string[] }> {
  const tokens: string[] = [];
  const server = createServer((request, response) => {
    tokens.push(request.headers.authorization ?? '');
    response.writeHead(status, { 'content-type': 'application/json' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/redis/sessions`, tokens };
}

const entry = (host: string, port: number): string =>
  JSON.stringify({ group: 'sessions', primary: { host, port }, epoch: 3 });

/** A configuration beside a data folder with an append-only file in it. */
function node(lines: string[], options: { data?: boolean } = {}): { conf: string; dir: string; text: () => string } {
  const dir = labFolder();
  const conf = join(dir, 'redis.conf');
  writeFileSync(conf, `${[`dir "${dir}"`, 'port 6379', ...lines].join('\n')}\n`, { mode: 0o600 });
  if (options.data !== false) {
    mkdirSync(join(dir, 'appendonlydir'));
    writeFileSync(join(dir, 'appendonlydir', 'appendonly.aof.1.incr.aof'), 'what nobody else has');
  }
  return { conf, dir, text: () => readFileSync(conf, 'utf8') };
}

const copies = (dir: string): string[] => (existsSync(join(dir, 'kept')) ? readdirSync(join(dir, 'kept')) : []);

describe('the boot guard', () => {
  test('lets a former primary follow the present one, and keeps its data first', async () => {
    const { url } = await answering(200, entry('10.0.0.2', 7002));
    const at = node(['requirepass "a b"']);
    chmodSync(at.conf, 0o640);
    const { code } = await guard({ GUARD_SELF: '10.0.0.1:6379', GUARD_DISCOVERY: url, GUARD_CONF: at.conf });
    expect(code).toBe(0);
    expect(at.text()).toMatch(/^replicaof "10\.0\.0\.2" 7002$/m);
    expect(at.text()).toContain('requirepass "a b"');
    expect(statSync(at.conf).mode & 0o777).toBe(0o640);
    const [copy] = copies(at.dir);
    expect(readFileSync(join(at.dir, 'kept', copy ?? '', 'appendonlydir', 'appendonly.aof.1.incr.aof'), 'utf8')).toBe(
      'what nobody else has',
    );
  });

  test('run twice it changes nothing the second time', async () => {
    const { url } = await answering(200, entry('10.0.0.2', 7002));
    const at = node([]);
    const settings = { GUARD_SELF: '10.0.0.1:6379', GUARD_DISCOVERY: url, GUARD_CONF: at.conf };
    await guard(settings);
    const [text, kept] = [at.text(), copies(at.dir)];
    expect((await guard(settings)).code).toBe(0);
    expect([at.text(), copies(at.dir)]).toEqual([text, kept]);
    expect(kept).toHaveLength(1);
  });

  test.each([
    ['a name, whatever its case', 'Sessions-1.Internal', 'sessions-1.internal:6379'],
    ['an address', '10.0.0.1', '10.9.9.9:6379 10.0.0.1:6379'],
    ['an IPv6 address', 'fd00::1', '[fd00::1]:6379'],
  ])('leaves the primary alone that the discovery names by %s', async (_what, host, self) => {
    const { url } = await answering(200, entry(host, 6379));
    const at = node([]);
    const before = at.text();
    expect((await guard({ GUARD_SELF: self, GUARD_DISCOVERY: url, GUARD_CONF: at.conf })).code).toBe(0);
    expect(at.text()).toBe(before);
    expect(copies(at.dir)).toEqual([]);
  });

  test('takes another port of the same host for another node, and follows an IPv6 address', async () => {
    const { url } = await answering(200, entry('fd00::1', 6380));
    const at = node([]);
    const settings = { GUARD_SELF: '[fd00::1]:6379', GUARD_DISCOVERY: url, GUARD_CONF: at.conf };
    expect((await guard(settings)).code).toBe(0);
    expect(at.text()).toMatch(/^replicaof "fd00::1" 6380$/m);
  });

  test('never takes a replicaof out, though the discovery names this node', async () => {
    const { url } = await answering(200, entry('10.0.0.1', 6379));
    const at = node(['replicaof 10.0.0.2 6379']);
    const before = at.text();
    const { code, said } = await guard({ GUARD_SELF: '10.0.0.1:6379', GUARD_DISCOVERY: url, GUARD_CONF: at.conf });
    expect(code).toBe(0);
    expect(said).toMatch(/starts as a replica/);
    expect(at.text()).toBe(before);
  });

  test('re-points a replica of another node, whatever the directive is called, and keeps nothing of it', async () => {
    const { url } = await answering(200, entry('10.0.0.2', 7002));
    const at = node(['  SLAVEOF 10.0.0.9 6379', '# Generated by CONFIG REWRITE', 'ReplicaOf 10.0.0.8 6379']);
    expect((await guard({ GUARD_SELF: '10.0.0.1:6379', GUARD_DISCOVERY: url, GUARD_CONF: at.conf })).code).toBe(0);
    expect(at.text().match(/^[ \t]*(replicaof|slaveof).*$/gim)).toEqual(['replicaof "10.0.0.2" 7002']);
    expect(copies(at.dir)).toEqual([]);
  });

  test.each([
    ['HTML', 200, '<html>{"primary":{"host":"10.0.0.2","port":6379},"epoch":1}</html>'],
    ['nothing', 200, ''],
    ['a list', 200, '[{"primary":{"host":"10.0.0.2","port":6379},"epoch":1}]'],
    ['no epoch', 200, '{"group":"sessions","primary":{"host":"10.0.0.2","port":6379}}'],
    ['no port', 200, '{"group":"sessions","primary":{"host":"10.0.0.2"},"epoch":1}'],
    ['a port that there is not', 200, entry('10.0.0.2', 70_000)],
    ['a directive in the host', 200, entry('10.0.0.2 6379\nloadmodule', 6379)],
    ['a quote in the host', 200, entry('10.0.0.2"', 6379)],
    ['two primaries', 200, '{"primary":{"host":"a","port":1},"primary":{"host":"b","port":1},"epoch":1}'],
    ['another group', 200, entry('10.0.0.2', 6379).replace('sessions', 'others')],
    ['that it knows nothing', 404, '{"error":"no group"}'],
    ['an error with an entry in it', 500, entry('10.0.0.2', 6379)],
    ['a redirect', 302, entry('10.0.0.2', 6379)],
  ])('takes %s for no answer: a replica starts as it is, a primary does not', async (_what, status, body) => {
    const { url } = await answering(status, body);
    const settings = { GUARD_SELF: '10.0.0.1:6379', GUARD_DISCOVERY: url, GUARD_GROUP: 'sessions' };
    const primary = node([]);
    const replica = node(['replicaof 10.0.0.7 6379']);
    const before = [primary.text(), replica.text()];
    const refused = await guard({ ...settings, GUARD_CONF: primary.conf });
    expect(refused).toMatchObject({ code: 1, said: expect.stringMatching(/it must not start/) as string });
    expect((await guard({ ...settings, GUARD_CONF: replica.conf })).code).toBe(0);
    expect([primary.text(), replica.text()]).toEqual(before);
    expect(copies(primary.dir)).toEqual([]);
  });

  test('takes `replicaof no one` for a primary', async () => {
    const at = node(['replicaof 10.0.0.7 6379', 'replicaof NO ONE']);
    const settings = { GUARD_SELF: 'a:1', GUARD_DISCOVERY: 'http://127.0.0.1:1/', GUARD_CONF: at.conf };
    expect((await guard(settings)).code).toBe(1);
  });

  test('waits for the discovery as long as it is told to', async () => {
    const at = node([]);
    const late = await answering(200, entry('10.0.0.1', 6379));
    const startedAt = performance.now();
    const settings = { GUARD_SELF: '10.0.0.1:6379', GUARD_CONF: at.conf, GUARD_WAIT: '2' };
    expect((await guard({ ...settings, GUARD_DISCOVERY: 'http://127.0.0.1:1/' })).code).toBe(1);
    expect(performance.now() - startedAt).toBeGreaterThan(1_900);
    expect((await guard({ ...settings, GUARD_DISCOVERY: late.url })).code).toBe(0);
  });

  test('reads its token from a file, and says it to nobody but the discovery', async () => {
    const { url, tokens } = await answering(200, entry('10.0.0.2', 7002));
    const at = node([]);
    const file = join(at.dir, 'token');
    writeFileSync(file, 'secret"with\\quotes\n');
    const settings = { GUARD_SELF: 'a:1', GUARD_DISCOVERY: url, GUARD_CONF: at.conf, GUARD_TOKEN_FILE: file };
    const { code, said } = await guard(settings);
    expect(code).toBe(0);
    expect(tokens).toEqual(['Bearer secret"with\\quotes']);
    expect(said + at.text()).not.toContain('with\\quotes');
  });

  test('keeps no more copies than it may, and never writes over one', async () => {
    const { url } = await answering(200, entry('10.0.0.2', 7002));
    const at = node([]);
    const settings = { GUARD_SELF: 'a:1', GUARD_DISCOVERY: url, GUARD_CONF: at.conf, GUARD_KEEP: '2' };
    const original = at.text();
    const seen: string[][] = [];
    for (let turn = 0; turn < 3; turn += 1) {
      writeFileSync(at.conf, original);
      expect((await guard(settings)).code).toBe(0);
      seen.push(copies(at.dir).sort());
    }
    expect(seen.map((names) => names.length)).toEqual([1, 2, 2]);
    expect(seen[2]).toEqual(seen[1]);
    expect(seen[1]).toEqual(expect.arrayContaining(seen[0] ?? []));
  });

  test('does not let a primary become a replica whose data could not be kept', async () => {
    const { url } = await answering(200, entry('10.0.0.2', 7002));
    const at = node([]);
    writeFileSync(join(at.dir, 'kept'), 'a file where the folder should be');
    const before = at.text();
    const settings = { GUARD_SELF: 'a:1', GUARD_DISCOVERY: url, GUARD_CONF: at.conf };
    expect((await guard(settings)).code).toBe(1);
    expect(at.text()).toBe(before);
    expect((await guard({ ...settings, GUARD_KEEP: '0' })).code).toBe(0);
  });

  test('takes a missing configuration from the template, once', async () => {
    const { url } = await answering(200, entry('10.0.0.2', 7002));
    const at = node([], { data: false });
    const conf = join(at.dir, 'on-the-volume.conf');
    const settings = { GUARD_SELF: 'a:1', GUARD_DISCOVERY: url, GUARD_CONF: conf, GUARD_TEMPLATE: at.conf };
    expect((await guard(settings)).code).toBe(0);
    expect(readFileSync(conf, 'utf8')).toMatch(/^replicaof "10\.0\.0\.2" 7002$/m);
    expect(at.text()).not.toMatch(/replicaof/);
  });

  test.each([
    ['GUARD_SELF', { GUARD_DISCOVERY: 'http://127.0.0.1:1/' }],
    ['GUARD_DISCOVERY', { GUARD_SELF: 'a:1' }],
    ['GUARD_WAIT', { GUARD_SELF: 'a:1', GUARD_DISCOVERY: 'http://127.0.0.1:1/', GUARD_WAIT: 'soon' }],
  ])('says which setting is wrong: %s', async (name, settings: Record<string, string>) => {
    const { code, said } = await guard({ GUARD_CONF: node([]).conf, ...settings });
    expect(code).toBe(2);
    expect(said).toContain(name);
  });
});

/** Kills r1 and does what a failover does: r2 is primary, the discovery says so. */
async function replaced(s: Scene): Promise<void> {
  const [r1, r2] = [s.lab.node('r1'), s.lab.node('r2')];
  await r1.kill();
  await withRedis(r2, password, async (redis) => {
    await redis.replicaof('NO', 'ONE');
    await redis.config('SET', 'min-replicas-to-write', '0');
    await redis.config('REWRITE');
    await redis.incr('gantry:epoch');
  });
  await s.access.discovery.redirect({ primary: { host: r2.host, port: r2.port }, epoch: 1 });
}

const settingsOf = (s: Scene, name: string): Record<string, string> => {
  const { host, port, confFile } = s.lab.node(name);
  const url = `${s.discovery.url}/redis/sessions`;
  return { GUARD_SELF: `${host}:${port}`, GUARD_DISCOVERY: url, GUARD_GROUP: 'sessions', GUARD_CONF: confFile };
};

await describeWith(['redis'], 'a real node behind the boot guard', () => {
  test('comes back as a replica after its replacement, and never takes a write', async () => {
    const s = await scene();
    const r1 = s.lab.node('r1');
    await withRedis(r1, password, (redis) => redis.set('before', '1'));
    await replaced(s);
    expect((await guard(settingsOf(s, 'r1'))).code).toBe(0);
    const refusals: string[] = [];
    let attempts = 0;
    const trying = setInterval(() => {
      attempts += 1;
      void withRedis(r1, password, (redis) => redis.set('stray', '1')).then(
        () => refusals.push('taken'),
        (error: Error) => refusals.push(error.message.split(' ')[0] ?? ''),
      );
    }, 2);
    await r1.restart();
    await linkUp(r1, password);
    clearInterval(trying);
    expect(attempts).toBeGreaterThan(5);
    expect(refusals).not.toContain('taken');
    expect(refusals).toContain('READONLY');
    expect(await roles(s)).toEqual({ r1: 'replica', r2: 'primary' });
    expect(copies(r1.dir)).toHaveLength(1);
    // What Redis itself writes down afterwards is understood again.
    await withRedis(r1, password, (redis) => redis.config('REWRITE'));
    expect((await guard(settingsOf(s, 'r1'))).said).toMatch(/follows .* already/);
    expect((await redisInfo(r1, password))['master_port']).toBe(String(s.lab.node('r2').port));
  });

  test('the primary itself, killed and started again, is left alone', async () => {
    const s = await scene();
    const r1 = s.lab.node('r1');
    await r1.kill();
    expect((await guard(settingsOf(s, 'r1'))).code).toBe(0);
    await r1.restart();
    expect(await roles(s)).toEqual({ r1: 'primary', r2: 'replica' });
  });

  test('with a discovery that is down a primary stays down, a replica starts', async () => {
    const s = await scene();
    await s.discovery.stop();
    expect((await guard(settingsOf(s, 'r1'))).code).toBe(1);
    expect((await guard(settingsOf(s, 'r2'))).code).toBe(0);
  });

  test('asks the Sentinels, and believes only more than half of them', async () => {
    const s = await scene({ replicas: 1, sentinels: {} });
    const r1 = s.lab.node('r1');
    const all = (s.sentinels?.nodes ?? []).map(({ host, port }) => `${host}:${port}`);
    const settings = { GUARD_SELF: `${r1.host}:${r1.port}`, GUARD_MASTER: 'sessions', GUARD_CONF: r1.confFile };
    const half = await guard({ ...settings, GUARD_SENTINELS: `${all[0]} 127.0.0.1:1` });
    expect(half).toMatchObject({ code: 1, said: expect.stringMatching(/more than half/) as string });
    expect((await guard({ ...settings, GUARD_SENTINELS: `${all.join(' ')} 127.0.0.1:1` })).code).toBe(0);
    const other = { ...settings, GUARD_SELF: `${r1.host}:1`, GUARD_SENTINELS: all.join(' ') };
    expect((await guard(other)).code).toBe(0);
    expect(readFileSync(r1.confFile, 'utf8')).toMatch(new RegExp(`^replicaof "${r1.host}" ${r1.port}$`, 'm'));
  });
});
