import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pause } from '../clock.ts';
import type { RedisNode } from './redis.ts';

const bootGuard = fileURLToPath(new URL('../../deploy/redis/boot-guard.sh', import.meta.url));
const pollEveryMs = 50;

export type SupervisorOptions = {
  stateDir: string;
  group: string;
  nodes: readonly RedisNode[];
  /** Whom the boot guard asks for the primary. */
  discoveryUrl: string;
  /** Hears what the boot guard said, line by line. */
  onStart?: (node: string, said: readonly string[]) => void;
};

/** What systemd is on a host: it starts a node when it is asked to, with the boot guard before it. */
export type Supervisor = { stop: () => Promise<void> };

/** The platform file's `rejoin.start` for nodes that such a supervisor looks after. */
export function startHook(stateDir: string): Record<string, unknown> {
  return { kind: 'command', name: 'start-node', run: ['touch', join(requests(stateDir), '{group}-{node}')] };
}

/**
 * Starts nodes of a lab group on request, each behind its boot guard. The request is a file, so that any program can make
 * it; a node that runs already is left alone, one that its guard keeps from starting stays down.
 */
export function superviseNodes({ stateDir, group, nodes, discoveryUrl, onStart }: SupervisorOptions): Supervisor {
  const folder = requests(stateDir);
  mkdirSync(folder, { recursive: true });
  let ended = false;
  const watching = (async (): Promise<void> => {
    while (!ended) {
      for (const file of readdirSync(folder)) {
        rmSync(join(folder, file), { force: true });
        const node = nodes.find(({ name }) => file === `${group}-${name}`);
        if (!node || node.isRunning()) continue;
        const { passed, said } = await guard(node, `${discoveryUrl}/redis/${group}`, group);
        onStart?.(node.name, said);
        if (passed) await node.restart();
      }
      await pause(pollEveryMs);
    }
  })();
  return {
    stop: async () => {
      ended = true;
      await watching;
    },
  };
}

function requests(stateDir: string): string {
  return join(stateDir, 'start');
}

function guard(node: RedisNode, discovery: string, group: string): Promise<{ passed: boolean; said: string[] }> {
  const settings = {
    GUARD_SELF: `${node.host}:${node.port}`,
    GUARD_DISCOVERY: discovery,
    GUARD_GROUP: group,
    GUARD_CONF: node.confFile,
    GUARD_WAIT: '5',
  };
  return new Promise((resolve) => {
    execFile(
      '/bin/sh',
      [bootGuard],
      { env: { ...process.env, ...settings }, timeout: 30_000 },
      (error, stdout, stderr) => {
        resolve({ passed: error === null, said: `${stdout}${stderr}`.split('\n').filter(Boolean) });
      },
    );
  });
}
