import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Client } from '@temporalio/client';
import { afterAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { kinds } from '../../src/runs/index.ts';
import { loadSettings, variables } from '../../src/settings/index.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createProgram } from '../../src/cli/program.ts';
import { Readable } from 'node:stream';
import { healthPaths, serveHealth } from '../../workers/health.ts';
import { roles } from '../../workers/all.ts';
import { apiOver, people } from '../api/support.ts';

// What the file says is held against the code that it starts; Docker Compose reads it in test/long/compose-config.test.ts.
const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');

type Service = {
  image: string;
  command?: string[];
  entrypoint?: string[];
  environment?: Record<string, string>;
  env_file?: { path: string; required: boolean }[];
  healthcheck?: { test: string[] };
  ports?: string[];
  expose?: string[];
  volumes?: string[];
  secrets?: string[];
  restart?: string;
  depends_on?: Record<string, { condition: string }>;
};
type Compose = {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  secrets: Record<string, { file: string }>;
};

const { services, volumes, secrets } = parse(read('docker-compose.temporal.yml'), { merge: true }) as Compose;
const all = Object.entries(services);
const isWorker = ({ command }: Service): boolean => command?.[0] === 'workers/main.ts';
const workers = all.filter(([, service]) => isWorker(service));
const ours = all.filter(([, { image }]) => image.startsWith('gantry:'));
const urlOf = ({ healthcheck }: Service): URL =>
  new URL(/http:[^']+/.exec(healthcheck?.test.join(' ') ?? '')?.[0] ?? '');

describe('docker-compose.temporal.yml', () => {
  test('has exactly one service for each worker role, named after it', () => {
    expect(workers.map(([, { command }]) => command?.slice(1))).toEqual(workers.map(([name]) => [name]));
    expect(workers.map(([name]) => name).sort()).toEqual(Object.keys(roles).sort());
  });

  test('has one API, started by a command that there is, whose port is the one that is published', () => {
    const [api, ...others] = all.filter(([, { command }]) => command?.[0] === 'src/cli/main.ts');
    expect(others).toEqual([]);
    const [, verb, ...flags] = api?.[1].command ?? [];
    const sink = { write: () => true };
    const program = createProgram({
      ...{ env: {}, out: sink, err: sink, input: Readable.from([]), now: Date.now, exitCode: 0 },
      interrupted: new AbortController().signal,
    });
    const command = program.commands.find((one) => one.name() === verb);
    const known = command?.options.map(({ long }) => long);
    expect(flags.filter((flag) => flag.startsWith('--')).every((flag) => known?.includes(flag))).toBe(true);
    const port = flags[flags.indexOf('--port') + 1];
    expect(api?.[1].ports).toEqual([`127.0.0.1:${port}:${port}`]);
    expect(urlOf(api?.[1] as Service).port).toBe(port);
  });

  test('publishes on loopback alone', () => {
    for (const [name, { ports = [] }] of all)
      for (const port of ports) expect([name, port]).toEqual([name, expect.stringMatching(/^127\.0\.0\.1:\d+:\d+$/)]);
  });

  test('starts files that exist', () => {
    for (const [, { command = [] }] of ours) expect(existsSync(join(root, command[0] ?? ''))).toBe(true);
    const scripts = all.flatMap(([, { entrypoint = [] }]) => entrypoint.filter((word) => word.startsWith('/deploy/')));
    expect(scripts.length).toBeGreaterThan(0);
    for (const script of scripts)
      expect(existsSync(join(root, 'deploy/temporal', script.slice('/deploy/'.length)))).toBe(true);
    const config = services['temporal']?.environment?.['DYNAMIC_CONFIG_FILE_PATH'] ?? '';
    expect(existsSync(join(root, 'deploy/temporal', config.slice('/deploy/'.length)))).toBe(true);
  });

  describe('asks for health', () => {
    const closes: (() => Promise<unknown>)[] = [];
    afterAll(async () => {
      for (const close of closes) await close();
    });

    test('at a path that a worker serves, on the port that it is told', async () => {
      const served = await serveHealth(0, {
        metrics: createMetrics({ role: 'test', version: 'test' }),
        polling: () => true,
      });
      closes.push(served.close);
      for (const [name, service] of workers) {
        const { port, pathname } = urlOf(service);
        expect([name, port, service.expose]).toEqual([name, service.environment?.['GANTRY_HEALTH_PORT'], [port]]);
        expect((await fetch(`http://127.0.0.1:${served.port}${pathname}`)).status).toBe(200);
      }
      expect((await fetch(`http://127.0.0.1:${served.port}${healthPaths.metrics}`)).status).toBe(200);
      expect((await fetch(`http://127.0.0.1:${served.port}/other`)).status).toBe(404);
    });

    test('at a path that the API serves without a token', async () => {
      const { api } = await apiOver({} as Client, 'gantry', people().access);
      closes.push(() => api.close());
      const { pathname } = urlOf(services['api'] as Service);
      expect((await api.inject(pathname)).statusCode).toBe(200);
    });

    test('of everything that stays, and starts it again', () => {
      for (const [name, { healthcheck, restart }] of all) {
        const once = restart?.startsWith('on-failure') ?? false;
        expect([name, once || (healthcheck !== undefined && restart === 'unless-stopped')]).toEqual([name, true]);
      }
    });
  });

  test('sets only variables that Gantry reads, and what it sets is read', () => {
    for (const [name, { environment = {} }] of ours) {
      const own = Object.keys(environment).filter((variable) => variable.startsWith('GANTRY_'));
      expect([name, own.filter((variable) => !Object.hasOwn(variables, variable))]).toEqual([name, []]);
      const others = Object.keys(environment).filter((variable) => !variable.startsWith('GANTRY_'));
      expect([name, others.sort()]).toEqual([name, ['TEMPORAL_ADDRESS', 'TEMPORAL_NAMESPACE']]);
      const settings = loadSettings({ ...environment, TEMPORAL_CONFIG_FILE: '/nowhere' });
      expect(settings.connection).toMatchObject({
        ...{ address: environment['TEMPORAL_ADDRESS'], namespace: environment['TEMPORAL_NAMESPACE'] },
      });
      expect(settings.platformPath).toBe(environment['GANTRY_PLATFORM']);
    }
    expect(loadSettings(services['api']?.environment ?? {}).approvalKeyPath).toBe('/run/secrets/approval_key');
    expect(loadSettings(services['redis']?.environment ?? {}).healthPort).toBe(9464);
  });

  test('mounts what its settings name', () => {
    for (const [name, service] of ours) {
      const targets = (service.volumes ?? []).map((volume) => volume.replace(/:ro$/, '').split(':').at(-1));
      const paths = Object.values(service.environment ?? {}).filter((value) => value.startsWith('/etc/gantry/'));
      expect(paths.length).toBeGreaterThan(0);
      expect([name, paths.filter((path) => !targets.includes(path))]).toEqual([name, []]);
      expect([name, targets]).toEqual([name, expect.arrayContaining(['/var/lib/gantry'])]);
    }
  });

  test('pins every image, and names no service, volume or secret that it lacks', () => {
    for (const [name, { image, depends_on = {}, volumes: mounts = [], secrets: used = [] }] of all) {
      expect([name, image]).toEqual([name, expect.stringMatching(/(:v?\d+\.\d+[\w.-]*|@sha256:[0-9a-f]{64})$/)]);
      expect(Object.keys(depends_on).filter((other) => !Object.hasOwn(services, other))).toEqual([]);
      const named = mounts.map((mount) => mount.split(':')[0] ?? '').filter((source) => /^[a-z]/.test(source));
      expect(named.filter((source) => !Object.hasOwn(volumes, source))).toEqual([]);
      expect(used.filter((secret) => !Object.hasOwn(secrets, secret))).toEqual([]);
    }
  });

  test('holds no secret, and has them all in one folder beside it', () => {
    for (const [name, { environment = {}, env_file = [] }] of all) {
      const secret = Object.entries(environment).filter(([key]) => /PASSWORD|PWD|SECRET|TOKEN|KEY/.test(key));
      expect([name, secret.filter(([, value]) => !value.startsWith('/run/secrets/'))]).toEqual([name, []]);
      for (const { path } of env_file) expect(path).toMatch(/^\$\{GANTRY_SECRETS:-\.\/secrets\}\//);
    }
    for (const { file } of Object.values(secrets)) expect(file).toMatch(/^\$\{GANTRY_SECRETS:-\.\/secrets\}\//);
    const inUrl = /:\/\/[^\s/]+:[^\s/]+@/;
    expect(read('docker-compose.temporal.yml')).not.toMatch(inUrl);
  });
});

test('docs/deploy.md says of every kind of run what an outage of Temporal means', () => {
  const [, section = ''] = read('docs/deploy.md').split('## While Temporal is away');
  expect(Object.keys(kinds).filter((kind) => !section.includes(`\`${kind}\``))).toEqual([]);
});

describe('the Dockerfile', () => {
  const lines = read('Dockerfile').split('\n');
  const after = (word: string): string[] =>
    lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

  test('stands on the current LTS of Node that the tests know, pinned', () => {
    const lts = /major="\$\{1:-(\d+)\}"/.exec(read('scripts/setup-node.sh'))?.[1];
    const from = after('FROM');
    expect(from.length).toBe(2);
    for (const image of from) expect(image).toMatch(new RegExp(`^node:${lts}\\.\\d+\\.\\d+-[a-z]+-slim( AS \\w+)?$`));
  });

  test('builds the bundle ahead by a script that there is, and runs as another user than root', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    expect(after('RUN')).toContain('npm run bundle');
    expect(scripts).toHaveProperty('bundle');
    expect(lines.lastIndexOf('USER node')).toBeGreaterThan(lines.findLastIndex((line) => line.startsWith('RUN ')));
    const entry = JSON.parse(after('ENTRYPOINT')[0] ?? '[]') as string[];
    // From 24 on Node reads TypeScript itself, as long as nothing of it has to be compiled.
    expect(entry).toEqual(['node', '--max-semi-space-size=2']);
    expect(Number(/^node:(\d+)/.exec(after('FROM')[1] ?? '')?.[1])).toBeGreaterThanOrEqual(24);
    expect(read('tsconfig.json')).toMatch(/"erasableSyntaxOnly": true/);
  });

  test('takes everything into the image that the workers and the API import', () => {
    const left = read('.dockerignore')
      .split('\n')
      .filter((line) => line !== '');
    for (const needed of ['src', 'workers', 'workflows', 'activities', 'lab', 'package-lock.json'])
      expect(left).not.toContain(needed);
    for (const secret of ['secrets', 'platform.yaml', 'access.yaml', '.git']) expect(left).toContain(secret);
  });
});
