import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { labProcessFence } from '../../lab/redis/fence.ts';
import { redisInfo } from '../../lab/redis/client.ts';
import type { RedisRig } from '../../lab/redis/rig.ts';
import { startRedisRig } from '../../lab/redis/rig.ts';
import { startHook, superviseNodes } from '../../lab/redis/supervisor.ts';
import { say } from '../say.ts';
import type { Stage } from '../stage.ts';

const keeper = fileURLToPath(new URL('../../deploy/redis/keep-data.sh', import.meta.url));
const rigs = new WeakMap<Stage, Promise<RedisRig>>();

/** The Redis group of a demo, with workers over it: started once, whatever parts of the demo are shown on it. */
export function demoGroup(stage: Stage): Promise<RedisRig> {
  const known = rigs.get(stage);
  if (known) return known;
  const started = startGroup(stage);
  rigs.set(stage, started);
  return started;
}

async function startGroup(stage: Stage): Promise<RedisRig> {
  const soak = { duration: '4s', every: '1s' };
  const dataFolder = join(stage.stateDir, 'redis', '{group}-{node}');
  const copy = ['{unit}', dataFolder, join(stage.stateDir, 'kept')];
  const keepData = { run: [keeper, 'run', ...copy], confirm: [keeper, 'confirm', ...copy] };
  const rig = await startRedisRig({
    stateDir: stage.stateDir,
    reportFolder: resolve('.gantry/demo/reports'),
    policies: {
      kinds: {
        'redis.switchover': { soak },
        'redis.failover': { approval: { people: 0 }, soak },
        'redis.rejoin': { approval: { people: 0 }, soak },
        'redis.restore-redundancy': { approval: { people: 0 }, soak },
      },
    },
    settings: {
      failover: {
        fences: [{ kind: 'refuse-writes' }, labProcessFence(stage.stateDir), { kind: 'lease' }],
        forensics: { kind: 'folder', path: dataFolder },
      },
      guard: { sampleEvery: '200ms', auditEvery: '2s' },
      rejoin: { keep: { kind: 'command', name: 'keep-data', ...keepData }, start: startHook(stage.stateDir) },
    },
  });
  stage.onClose(() => rig.stop());
  const supervisor = superviseNodes({
    stateDir: stage.stateDir,
    group: rig.groupName,
    nodes: rig.group.nodes,
    discoveryUrl: rig.discoveryUrl,
    onStart: (_node, said) => said.forEach((line) => say(`  ${line}`)),
  });
  stage.onClose(() => supervisor.stop());
  say(`Redis: group "${rig.groupName}", ${rig.group.nodes.map((node) => `${node.name} :${node.port}`).join(', ')}`);
  await stage.startWorkers(rig.platformFile, rig.env);
  say(`Temporal: ${stage.temporal.address}, UI ${stage.temporal.uiUrl}; workers poll`);
  return rig;
}

/** The role of each node by its name; `down` for one that does not answer. */
export type Roles = ReadonlyMap<string, string>;

export async function roles(rig: RedisRig): Promise<Roles> {
  const seen = await Promise.all(
    rig.group.nodes.map(async (node) => {
      const info = await redisInfo(node, rig.group.password).catch(() => undefined);
      return [node.name, info ? roleWord(info['role']) : 'down'] as const;
    }),
  );
  return new Map(seen);
}

/** Redis says master and slave. */
function roleWord(role: string | undefined): string {
  return role === 'master' ? 'primary' : role === 'slave' ? 'replica' : '?';
}
