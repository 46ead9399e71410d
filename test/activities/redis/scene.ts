import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { discoveryHere } from '../../../lab/discovery/process.ts';
import type { WriterProcess } from '../../../lab/load/redis-writer-process.ts';
import { startWriterProcess } from '../../../lab/load/redis-writer-process.ts';
import type { RedisGroup as LabGroup, RedisGroupOptions, RedisNode as LabNode } from '../../../lab/redis/redis.ts';
import { startRedisGroup } from '../../../lab/redis/redis.ts';
import type { SentinelOptions } from '../../../lab/redis/sentinel.ts';
import { startSentinels } from '../../../lab/redis/sentinel.ts';
import { patience, until } from '../../../lab/clock.ts';
import { withRedis } from '../../../lab/redis/client.ts';
import type { RedisActivities, RedisGroupAccess, RedisSwitchoverData } from '../../../activities/redis/index.ts';
import { createRedisActivities, redisGroupAccess } from '../../../activities/redis/index.ts';
import type { DiscoveryEntry } from '../../../src/drivers/discovery/index.ts';
import type { RedisNode } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { failoverDefaults, guardDefaults } from '../../../src/platform/index.ts';
import type { RedisGroup, SecretRef } from '../../../src/platform/index.ts';
import type {
  GuardPolicy,
  Plan,
  PlanCall,
  RedisSwitchoverInput,
  StepActivity,
  StepMode,
  StepReport,
} from '../../../src/runs/index.ts';
import { defaultPolicy } from '../../../src/runs/index.ts';
import { createLog } from '../../../src/telemetry/log.ts';
import { labFolder, stopping } from '../../support/lab.ts';
import { oneDigest } from '../../support/one-digest.ts';

export const groupName = 'sessions';
export const password = 'lab-secret-7f3a';
const platformDigest = 'digest-of-the-test';

/** Wraps a driver's connection to a node: a test fails, delays or records single verbs. */
export type Wrap = (name: string, node: RedisNode) => RedisNode;

export type SceneOptions = {
  replicas?: number;
  group?: Partial<RedisGroup>;
  /** Under which host the platform file names the nodes; the replicas follow 127.0.0.1. */
  host?: string;
  lab?: Partial<RedisGroupOptions>;
  /** Sentinels that watch the group and stand in its platform file. */
  sentinels?: Partial<SentinelOptions>;
};

/** A real group with its discovery, and the activities over it. */
export async function scene(options: SceneOptions = {}) {
  const stateDir = labFolder();
  const lab: LabGroup = stopping(
    await startRedisGroup({
      stateDir,
      name: groupName,
      replicas: options.replicas ?? 1,
      password,
      minReplicasToWrite: 1,
      minReplicasMaxLagSeconds: 10,
      ...options.lab,
    }),
  );
  const discovery = stopping(await discoveryHere({ file: join(stateDir, 'discovery', 'known.json') }));
  const url = `${discovery.url}/redis/${groupName}`;
  const sentinels =
    options.sentinels &&
    stopping(
      await startSentinels({
        ...{ stateDir, master: groupName, primary: lab.node('r1'), replicas: lab.nodes.length - 1 },
        ...lab.login,
        infoPeriodMs: 1_000,
        ...(options.lab?.server ? { server: options.lab.server } : {}),
        ...options.sentinels,
      }),
    );
  const config: RedisGroup = {
    region: 'us-east-1',
    nodes: lab.nodes.map(({ name, host, port }) => ({ name, host: options.host ?? host, port })),
    password: { env: 'REDIS_PASSWORD' },
    path: 'direct',
    lagLimitBytes: 1024 * 1024,
    handover: { pauseMs: 3_000, equalityMs: 2_000, leaseReserveMs: 500, failoverTimeoutMs: 5_000 },
    writeSafety: { minReplicasToWrite: 1, minReplicasMaxLagSeconds: 10 },
    discovery: { kind: 'http', url },
    failover: failoverDefaults,
    guard: guardDefaults,
    ...(sentinels
      ? {
          sentinel: {
            master: groupName,
            nodes: sentinels.nodes.map(addressOf),
            ...(options.sentinels?.sentinelPassword === undefined ? {} : { password: { env: 'SENTINEL_PASSWORD' } }),
            tls: options.sentinels?.tls !== undefined,
            pauseMs: 15_000,
          },
        }
      : {}),
    ...options.group,
  };
  const secretOf =
    (own: string) =>
    (ref: SecretRef): string => {
      if ('file' in ref) return readFileSync(ref.file, 'utf8');
      return ref.env === 'SENTINEL_PASSWORD' ? (options.sentinels?.sentinelPassword ?? '') : own;
    };
  const real = redisGroupAccess(groupName, config, secretOf(password));
  const [first = lab.node('r1')] = config.nodes;
  await real.discovery.redirect({ primary: addressOf(first), epoch: 0 });

  const activities = (
    wrap?: Wrap,
    secret = password,
    of = config,
    atSentinels: Hooks = {},
    guard: Partial<GuardPolicy> = {},
  ): RedisActivities => {
    const plain = redisGroupAccess(groupName, of, secretOf(secret));
    const watched = plain.sentinels;
    const access: RedisGroupAccess = {
      ...plain,
      ...(wrap ? { connect: async (name, given) => wrap(name, await plain.connect(name, given)) } : {}),
      ...(watched
        ? { sentinels: { ...watched, connect: async (at) => around(await watched.connect(at), atSentinels) } }
        : {}),
    };
    return createRedisActivities({
      groups: (name) => {
        if (name === groupName) return access;
        throw new GantryError('REDIS_UNKNOWN_GROUP', `no group ${name}`);
      },
      groupNames: [groupName],
      guardPolicy: () => ({ ...testGuardPolicy(), ...guard }),
      runtime: oneDigest(platformDigest),
      log: createLog('silent'),
    });
  };

  return {
    lab,
    sentinels,
    config,
    access: real,
    activities,
    discovery,
    told: (): Promise<DiscoveryEntry | undefined> => real.discovery.read(),
    node: (name: string): Promise<RedisNode> => real.connect(name),
    plan: (input: Partial<RedisSwitchoverInput> = {}, of = activities()) => plan(of, input),
    /** Writers in a process of their own, that write already. */
    writers: async (): Promise<WriterProcess> => {
      const nodeNames = Object.fromEntries(lab.nodes.map(({ name, host, port }) => [`${host}:${port}`, name]));
      const writers = await startWriterProcess({ discoveryUrl: discovery.url, group: groupName, password, nodeNames });
      stopping({ stop: () => writers.close() });
      await until(async () => (await writers.snapshot()).acked > 500, 10_000);
      return writers;
    },
  };
}

/** What the platform file of a test would say of a guard. */
export function testGuardPolicy(): GuardPolicy {
  const { sampleEveryMs, auditEveryMs, sliceMs, unwatchedAfterMs, retryFirstMs, retryMaxMs } = guardDefaults;
  const times = { sampleEveryMs, auditEveryMs, sliceMs, unwatchedAfterMs, retryFirstMs, retryMaxMs };
  const { remindEveryMs, profiles } = defaultPolicy;
  return { mode: 'ask', sentinel: false, approvers: 1, ...times, remindEveryMs, profile: profiles.quick };
}

export type Scene = Awaited<ReturnType<typeof scene>>;

/** The planning activity, run as Temporal would. */
export function plan(
  activities: RedisActivities,
  input: Partial<RedisSwitchoverInput> = {},
): Promise<Plan<RedisSwitchoverData>> {
  const call: PlanCall<RedisSwitchoverInput> = {
    input: { group: groupName, ...input },
    kind: 'redis.switchover',
    target: groupName,
    policy: defaultPolicy,
  };
  return quiet().run(activities.redisPlanSwitchover, call);
}

/** A step activity, run as Temporal would; `resumed` and `attempt` as after a lost predecessor. */
export function run<O>(
  step: StepActivity<RedisSwitchoverData, O>,
  mode: StepMode,
  input: RedisSwitchoverData,
  options: { before?: O; attempt?: number; resumed?: unknown; environment?: MockActivityEnvironment } = {},
): Promise<StepReport<O>> {
  const environment =
    options.environment ?? quiet({ attempt: options.attempt ?? 1, heartbeatDetails: options.resumed });
  const { before } = options;
  return environment.run(step, {
    mode,
    input,
    unit: 'redis/sessions/run-1/3',
    platformDigest,
    ...(before === undefined ? {} : { before }),
  });
}

export function addressOf({ host, port }: { host: string; port: number }): { host: string; port: number } {
  return { host, port };
}

/** What a dry look must leave alone: role, link, epoch and the whole configuration of every node. */
export async function fingerprint({ lab, node }: Pick<Scene, 'lab' | 'node'>): Promise<unknown> {
  return Promise.all(
    lab.nodes.map(async ({ name }: LabNode) => {
      const one = await node(name);
      const { role, follows, linkUp } = await one.replication();
      const config = await one.configGet(['min-replicas-to-write', 'min-replicas-max-lag', 'replicaof', 'appendonly']);
      const state = {
        name,
        role,
        follows,
        linkUp,
        config,
        epoch: await one.epoch(),
        canary: await one.get('gantry:canary'),
      };
      one.close();
      return state;
    }),
  );
}

/** What to do around single verbs of single nodes: `{ 'r1.demote': { after: () => … } }`. A hook that throws cuts the attempt off there. */
export type Hooks = Readonly<Record<string, { before?: () => unknown; after?: () => unknown }>>;

/** Wraps connections so that the hooks run around the real verbs. */
export function hooked(hooks: Hooks): Wrap {
  return (name, node) => around(node, hooks, `${name}.`);
}

/** A driver whose verbs run between their hooks, which are named after them. */
function around<T extends object>(driver: T, hooks: Hooks, prefix = ''): T {
  const wrapped: Record<string, unknown> = Object.fromEntries(Object.entries(driver));
  for (const [verb, act] of Object.entries(driver)) {
    const hook = hooks[`${prefix}${verb}`];
    if (!hook || typeof act !== 'function') continue;
    wrapped[verb] = async (...given: unknown[]): Promise<unknown> => {
      await hook.before?.();
      const answer: unknown = await (act as (...all: unknown[]) => unknown)(...given);
      await hook.after?.();
      return answer;
    };
  }
  return wrapped as T;
}

/** Stands for SIGKILL: the attempt does nothing more from here on. */
export function killed(): never {
  throw new Error('killed here');
}

/** The catalogue code that a step failed with. */
export async function codeOf(step: Promise<unknown>): Promise<string | undefined> {
  return step.then(
    () => undefined,
    (error: { type?: string }) => error.type,
  );
}

/** The roles that the nodes show now, by name; `gone` for one that does not answer. */
export async function roles({ lab, node }: Pick<Scene, 'lab' | 'node'>): Promise<Record<string, string>> {
  const seen = await Promise.all(
    lab.nodes.map(async ({ name }) => {
      try {
        const one = await node(name);
        const { role } = await one.replication();
        one.close();
        return [name, role] as const;
      } catch {
        return [name, 'gone'] as const;
      }
    }),
  );
  return Object.fromEntries(seen);
}

/** A plain write on a node; rejects as the driver does where it is refused. Milliseconds until it was answered. */
export async function writeMs(s: Pick<Scene, 'access'>, name: string, key = 'test:write'): Promise<number> {
  const node = await s.access.connect(name, { commandTimeoutMs: 1_000 * patience });
  const from = performance.now();
  try {
    await node.set(key, '1');
    return performance.now() - from;
  } finally {
    node.close();
  }
}

/**
 * The same; answers whether the server held the write for a while, as it does while writes are paused. Not by the time that
 * it took, which is the machine's, but by the server's own list: a client that is held is flagged `b`.
 */
export async function writeIsHeld(s: Pick<Scene, 'access' | 'lab'>, name: string): Promise<boolean> {
  let [answered, held] = [false, false];
  const written = writeMs(s, name).finally(() => (answered = true));
  written.catch(() => undefined);
  await withRedis(s.lab.node(name), s.lab.login, async (client) => {
    while (!answered && !held) held = / flags=\w*b\w* .* cmd=set /.test(String(await client.client('LIST')));
  });
  if (!held) await written;
  return held;
}

/** An activity environment that does not print the failures that a test asks for. */
export function quiet(info: ConstructorParameters<typeof MockActivityEnvironment>[0] = {}): MockActivityEnvironment {
  // Temporal's clock: the scheduling of the attempt.
  return new MockActivityEnvironment(
    { currentAttemptScheduledTimestampMs: Date.now(), ...info },
    { logger: new DefaultLogger('ERROR') },
  );
}
