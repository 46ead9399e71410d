import { readFileSync } from 'node:fs';
import { withRedis } from '../../../lab/redis/client.ts';
import type { RedisNode } from '../../../lab/redis/redis.ts';

/** The settings that a switchover changes. */
export const watchedSettings = ['min-replicas-to-write', 'min-replicas-max-lag'] as const;

/** What one node says and what its configuration file says. */
export type NodeState = {
  role: string;
  /** `host port`; nothing for a primary. */
  follows: string | undefined;
  linkUp: boolean;
  epoch: string | null;
  offset: number;
  settings: Record<string, string>;
  file: { replicaof: string | undefined; settings: Record<string, string> };
};

/** Reads a node past its proxy. */
export async function nodeState(node: RedisNode, password: string | undefined): Promise<NodeState> {
  return withRedis(node, password, async (client) => {
    const info = fieldsOf(await client.info('replication'));
    const epoch = await client.get('gantry:epoch');
    const settings: Record<string, string> = {};
    for (const name of watchedSettings) settings[name] = (await client.config('GET', name))[1] ?? '';
    const isReplica = info['role'] === 'slave';
    return {
      role: isReplica ? 'replica' : 'primary',
      follows: isReplica ? `${info['master_host']} ${info['master_port']}` : undefined,
      linkUp: info['master_link_status'] === 'up' && info['master_sync_in_progress'] === '0',
      epoch,
      offset: Number(isReplica ? info['slave_repl_offset'] : info['master_repl_offset']),
      settings,
      file: fileState(node.confFile),
    };
  });
}

/** Whether writes are answered: on a primary a SET, on a replica a PUBLISH, which a write pause holds back too. */
export async function isPaused(node: RedisNode, password: string | undefined): Promise<boolean> {
  return withRedis(node, password, async (client) => {
    const answered = client.publish('gantry:sweep', 'is anybody held back?').then(() => false);
    const late = new Promise<boolean>((resolve) => setTimeout(() => resolve(true), 400).unref());
    return Promise.race([answered.catch(() => false), late]);
  });
}

/** What the file lacks has its default. */
function fileState(path: string): NodeState['file'] {
  const lines = new Map(
    readFileSync(path, 'utf8')
      .split('\n')
      .map((line) => [line.split(' ', 1)[0] ?? '', line.slice(line.indexOf(' ') + 1)]),
  );
  const settings = Object.fromEntries(watchedSettings.map((name) => [name, lines.get(name) ?? defaults[name]]));
  return { replicaof: lines.get('replicaof'), settings };
}

/** redis.conf of 7.0. */
const defaults: Record<(typeof watchedSettings)[number], string> = {
  'min-replicas-to-write': '0',
  'min-replicas-max-lag': '10',
};

function fieldsOf(text: string): Record<string, string> {
  const lines = text.split('\r\n').filter((line) => line.includes(':'));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}
