import type { Kind } from '../../src/runs/index.ts';
import type { Rules } from './points.ts';
import { startFailoverScene, startSwitchoverScene } from './redis/scene.ts';
import type { Scene } from './scene.ts';

/** What the sweep needs to know of a kind of run. */
export type SweptKind = {
  rules: Rules;
  startScene: (stateDir: string, name: string) => Promise<Scene>;
  /** Points that every sample has: what the kind promises stands or falls with them. */
  always: readonly string[];
};

/** Calls of the redis domain that only look. */
const redisReads = [
  ...[
    'ping',
    'info',
    'replication',
    'configGet',
    'aclList',
    'moduleList',
    'announces',
    'sentinelListens',
    'epoch',
    'get',
    'streamPiece',
  ].map((verb) => `redis.${verb}`),
  'discovery.read',
];

export const sweptKinds = {
  'redis.switchover': {
    rules: { decisive: 'redisHandover.ensure#1', reads: redisReads },
    startScene: startSwitchoverScene,
    always: [
      'driver:after:redis.demote#1@redisHandover.ensure#1',
      'stop:driver:before:redis.demote#1@redisHandover.ensure#1',
    ],
  },
  'redis.failover': {
    rules: { decisive: 'redisPromote.ensure#1', reads: redisReads },
    startScene: startFailoverScene,
    always: [
      'driver:after:redis.promote#1@redisPromote.ensure#1',
      'stop:driver:before:redis.promote#1@redisPromote.ensure#1',
    ],
  },
} satisfies Partial<Record<Kind, SweptKind>>;
