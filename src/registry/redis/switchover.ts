import { z } from 'zod';
import type { RedisSwitchoverInput } from '../../runs/index.ts';
import { defineKind } from '../entry.ts';
import { name, runFields } from '../fields.ts';

const procedures = ['fast', 'failover', 'sentinel', 'coordinated'] as const;

/** A planned handover of a group's primary. */
export const redisSwitchover = defineKind<RedisSwitchoverInput>()({
  kind: 'redis.switchover',
  summary: 'Hand the primary of a Redis group over to one of its replicas, without losing an acknowledged write',
  input: z.strictObject({
    group: name.describe('The Redis group, by its name in the platform file.'),
    to: name.exactOptional().describe('The node that becomes primary. Default: the fittest replica.'),
    procedure: z
      .enum(procedures)
      .exactOptional()
      .describe(
        '`fast`: leased write pause, demote, promote. `failover`: the FAILOVER command. `sentinel`, `coordinated`: under Sentinel. Default: the plan chooses.',
      ),
    ...runFields,
  }),
  example: { group: 'sessions', reason: 'kernel upgrade of the primary, CHG-1042', requestedBy: 'ann@example.com' },
  docs: 'docs/redis/switchover.md',
  target: { name: 'group', help: 'the Redis group, by its name in the platform file' },
  options: [
    { flags: '--to <node>', field: 'to', help: 'the node that becomes primary (default: the fittest replica)' },
    {
      flags: '--procedure <name>',
      field: 'procedure',
      help: 'how the roles change hands (default: the plan chooses)',
      choices: procedures,
    },
  ],
});
