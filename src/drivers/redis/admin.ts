import { GantryError } from '../../errors/index.ts';
import type { RedisSession } from './session.ts';
import type { RedisNode } from './types.ts';
import { leaseKey } from './types.ts';

type Admin = Pick<
  RedisNode,
  | 'grantLease'
  | 'pauseWrites'
  | 'unpause'
  | 'configRewrite'
  | 'configPersist'
  | 'killNormalClients'
  | 'waitReplicas'
  | 'set'
>;

/** The verbs that change something other than a role. */
export function adminVerbs({ send, transaction, commandTimeoutMs, endpoint }: RedisSession): Admin {
  return {
    grantLease: async (epoch, ms) => void (await send('set', leaseKey, epoch, 'px', ms)),
    pauseWrites: async (ms) => void (await send('client', 'pause', ms, 'write')),
    unpause: async () => void (await send('client', 'unpause')),
    configRewrite: async () => void (await send('config', 'rewrite')),
    configPersist: async (settings) => {
      const sets = Object.entries(settings).map(([name, value]) => ['config', 'set', name, value]);
      const answers = (await transaction([...sets, ['config', 'rewrite']])) ?? [];
      const rewrite = answers.pop();
      for (const answer of answers) if (!answer.ok) throw answer.error;
      if (rewrite?.ok === false) throw new GantryError('REDIS_NOT_PERSISTED', rewrite.error.message);
    },
    killNormalClients: async () => Number(await send('client', 'kill', 'type', 'normal', 'skipme', 'yes')),
    waitReplicas: async (count, ms) => {
      if (ms >= commandTimeoutMs) {
        throw new GantryError(
          'UNEXPECTED',
          `WAIT ${ms} ms does not fit into the command timeout of ${commandTimeoutMs} ms`,
          {
            evidence: { node: `${endpoint.host}:${endpoint.port}` },
          },
        );
      }
      return Number(await send('wait', count, ms));
    },
    set: async (key, value) => void (await send('set', key, value)),
  };
}
