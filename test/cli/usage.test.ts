import { mkdtempSync, symlinkSync, writeFileSync } from 'node:fs';
import { execFileSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { jsonShapes } from '../../src/cli/json.ts';
import { gantry } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'gantry-cli-'));
const root = fileURLToPath(new URL('../../', import.meta.url));
const nowhere = ['--address', '127.0.0.1:1'];

function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

describe('wrong usage', () => {
  it.each([
    [['nonsense']],
    [['runs', '--state', 'asleep']],
    [['runs', '--limit', '0']],
    [['run']],
    [['redis', 'switchover', 'a', '--procedure', 'slow']],
    [['pause', 'a', 'b']],
    [['redis', 'guard']],
    [['redis', 'guard', 'a', '--mode', 'panic']],
    [['redis', 'guard', 'a', '--pause']],
    [['redis', 'guard', 'a', '--pause', '--stop', '--reason', 'x']],
    [['redis', 'guard', 'a', '--for', '2h']],
    [['redis', 'guard', 'a', '--pause', '--reason', 'x', '--for', 'tomorrow']],
  ])('%j is USAGE with exit code 2, and names the help', async (argv) => {
    const { code, err, out } = await gantry(argv);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toMatch(/^USAGE: .+\nnext: `gantry help/);
  });

  it('is one JSON object with --json', async () => {
    const { code, json, err } = await gantry(['runs', '--state', 'asleep', '--json']);
    expect({ code, err }).toEqual({ code: 2, err: '' });
    expect(jsonShapes.error.parse(json).error.code).toBe('USAGE');
  });

  it('with no command shows the help beside the result', async () => {
    const { code, out, err } = await gantry([]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain('Usage: gantry');
  });

  it('of help is none', async () => {
    for (const argv of [['--help'], ['help', 'run'], ['redis', 'switchover', '--help'], ['--version']])
      expect(await gantry(argv)).toMatchObject({ code: 0, err: '' });
  });
});

describe('a wrong input', () => {
  it('is refused before any server is looked for, every problem with its place', async () => {
    const input = file('bad.json', '{"to":"a b","colour":1}');
    const { code, json } = await gantry(['redis', 'switchover', '--input', input, '--json', ...nowhere]);
    expect(code).toBe(1);
    const { error } = jsonShapes.error.parse(json);
    expect(error.code).toBe('INVALID_INPUT');
    expect(error.problems.map(({ place }) => place)).toEqual(['group', 'to', 'colour']);
  });

  it.each([
    ['is not JSON', '{"group"', 'is not JSON'],
    ['is a list', '[]', 'must hold one JSON object'],
  ])('that %s is refused with the name of its source', async (_, text, words) => {
    const { code, err } = await gantry(['redis', 'switchover', '--input', '-', ...nowhere], { input: text });
    expect(code).toBe(1);
    expect(err).toContain('(standard input)');
    expect(err).toContain(words);
  });

  it('from standard input reaches the server once it is right', async () => {
    const { err } = await gantry(['redis', 'switchover', '--input', '-', ...nowhere], { input: '{"group":"a"}' });
    expect(err).toContain('NO_SERVER');
  });
});

describe('without a server', () => {
  it('every verb that needs one says NO_SERVER with the address and what to do', async () => {
    for (const argv of [['runs'], ['run', 'redis/a'], ['pause', 'redis/a']]) {
      const { code, err } = await gantry([...argv, ...nowhere]);
      expect(code).toBe(3);
      expect(err).toContain('NO_SERVER: no Temporal server answers at 127.0.0.1:1');
      expect(err).toContain('gantry dev');
    }
  });

  it('doctor is red about the server, blind behind it, and still looks at the platform file', async () => {
    const env = { GANTRY_PLATFORM: join(root, 'platform.example.yaml') };
    const { code, json } = await gantry(['doctor', '--json', ...nowhere], { env });
    expect(code).toBe(1);
    const { ok, checks } = jsonShapes.doctor.parse(json);
    expect(ok).toBe(false);
    expect(checks.find(({ name }) => name === 'server')).toMatchObject({ state: 'bad' });
    expect(checks.find(({ name }) => name === 'workers')).toMatchObject({ state: 'unknown' });
    expect(checks.find(({ name }) => name === 'platform file')).toMatchObject({ state: 'ok' });
  });
});

describe('settings', () => {
  it('that are wrong are all told at once', async () => {
    const { code, err } = await gantry(['runs', '--address', 'nowhere'], { env: { GANTRY_LOG: 'loud' } });
    expect(code).toBe(1);
    expect(err).toContain('SETTINGS_INVALID: 2 problems');
    expect(err).toContain('GANTRY_LOG');
    expect(err).toContain('--address');
  });
});

describe('platform check', () => {
  it('summarises a file that is well', async () => {
    const { code, json } = await gantry(['platform', 'check', join(root, 'platform.example.yaml'), '--json']);
    expect(code).toBe(0);
    const { platform } = jsonShapes.platform.parse(json);
    expect(platform.redisGroups.map(({ name }) => name)).toContain('sessions');
  });

  it('lists every problem of one that is not, with file, line and column', async () => {
    const path = file('bad.yaml', 'version: 1\nname: "a b"\nregions: {}\ncolour: red\n');
    const { code, err } = await gantry(['platform', 'check', path]);
    expect(code).toBe(1);
    expect(err).toContain('PLATFORM_INVALID');
    expect(err).toContain(`${path}:2:7`);
    expect(err).toContain(`${path}:4:1`);
  });

  it('says where it looked when there is none', async () => {
    const { code, err } = await gantry(['platform', 'check'], { env: { GANTRY_PLATFORM: join(folder, 'no.yaml') } });
    expect(code).toBe(1);
    expect(err).toContain(join(folder, 'no.yaml'));
  });
});

describe('bin/gantry', () => {
  it('runs through links and from any folder, and passes words and exit code on', () => {
    const link = join(folder, 'first');
    const again = join(folder, 'second');
    symlinkSync(join(root, 'bin/gantry'), link);
    symlinkSync('first', again);
    expect(execFileSync(again, ['--version'], { cwd: folder, encoding: 'utf8' })).toMatch(/^\d+\.\d+\.\d+\n$/);
    const failed = (): string =>
      execFileSync(again, ['runs', '--state', 'a b'], { cwd: folder, stdio: 'pipe', encoding: 'utf8' });
    expect(failed).toThrow(expect.objectContaining({ status: 2 }) as Error);
  });
});
