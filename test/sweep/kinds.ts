import type { Kind } from '../../src/runs/index.ts';
import type { Role } from '../../workers/all.ts';
import type { LabNeed } from '../support/lab.ts';
import { startRestoreScene } from './archive/scene.ts';
import { startClickHouseScene } from './clickhouse/scene.ts';
import { startShardScene } from './clickhouse/shard-take.ts';
import { startTierScene, tierReads } from './clickhouse/tier-take.ts';
import type { Rules } from './points.ts';
import type { RegionWork } from './region/scene.ts';
import { startRegionScene } from './region/scene.ts';
import { failovers } from './redis/failover-take.ts';
import { rejoins } from './redis/rejoin-take.ts';
import { startRedisScene } from './redis/scene.ts';
import type { Scene } from './scene.ts';

/** What the sweep needs to know of a kind of run. */
export type SweptKind = {
  rules: Rules;
  /** `name`: of the lane; its targets are called so, that no run of one lane has the lock of another one's. */
  startScene: (stateDir: string, name: string) => Promise<Scene>;
  /** What a sample starts in its place, where the whole scene depends on large parts of the lab. */
  startSampleScene?: (stateDir: string, name: string) => Promise<Scene>;
  /** The workflows of the worker, from here; Gantry's own unless given. */
  workflows?: string;
  /** The workers of its steps. */
  roles: readonly Role[];
  /** Parts of the lab that it needs besides Temporal. */
  needs: readonly LabNeed[];
  /** Points that every sample has: what the kind promises stands or falls with them. */
  always: readonly string[];
  /** Parts of a run that samples take their turns over, by patterns of names. */
  phases?: readonly string[];
  /** Points of a sample, where a run takes long; what its domain's sample says unless given. */
  sample?: number;
};

/** The driver calls of the redis domain that only look. */
const redisReads = [
  ...[
    'info',
    'replication',
    'configGet',
    'aclList',
    'moduleList',
    'announces',
    'sentinelListens',
    'time',
    'epoch',
    'get',
    'ping',
    'snapshot',
    'streamPiece',
  ].map((verb) => `redis.${verb}`),
  'discovery.read',
  'hook.confirm',
];

/** The driver calls of the clickhouse domain that only look. */
const clickhouseReads = [
  ...[
    ...[
      'ping',
      'version',
      'capabilities',
      'macros',
      'cluster',
      'table',
      'columns',
      'partitions',
      'parts',
      'digest',
      'rowCount',
      'exportPartition',
    ],
    ...['replica', 'caughtUp', 'replicationQueue', 'mutations', 'merges', 'running', 'detachedParts', 'hasDetached'],
    ...['disks', 'usage', 'blockNumbers', 'partHashes', 'dropRanges', 'arrivals'],
    ...['bucketRows', 'bucketStream', 'capsFetches', 'partitionReads'],
  ].map((verb) => `clickhouse.${verb}`),
  'ingest.confirm',
];

/** Of a shard that comes or goes, its moves aside: they are swept by themselves. */
const shardSteps = [
  ...['clickhouseMakeSchema', 'clickhouseSetMembership', 'clickhouseCanary', 'clickhouseMeasureShares'],
  ...['clickhouseProveEmpty', 'clickhouseProveQueues'],
];
const shardReads = [
  ...clickhouseReads,
  ...['objects', 'canaries', 'canaryRows', 'replicasAt', 'waitingFiles'].map((verb) => `clickhouse.${verb}`),
  'membership.confirm',
];

/** The steps of a restore that change something; its plan, its proofs and its waits only look. */
const restoreSteps = [
  ...['RequestThaw', 'AwaitThaw', 'CopyOut', 'ProveObjects', 'FillStaging', 'VerifyStaging', 'MakeTables'],
  ...['FillProduction', 'Promote', 'ClearStaging', 'DropCopies'],
].map((step) => `archive${step}`);

/** The driver calls of a restore that only look; a table server is one of production or that of staging. */
const restoreReads = [
  ...['head', 'get', 'getUnproven', 'versions', 'lifecycle', 'versioning', 'objectLock'].map((verb) => `s3.${verb}`),
  ...['clickhouse', 'staging'].flatMap((server) =>
    [
      ...['columns', 'countRows', 'digest', 'disks', 'partitions', 'reaches', 'readThrough', 'table', 'tablesIn'],
      ...['killEarlier', 'total'],
    ].map((verb) => `${server}.${verb}`),
  ),
  ...['primary', 'staging-redis'].flatMap((node) =>
    ['keys', 'loadedFrom', 'follows', 'epoch', 'notes', 'renewedFor'].map((verb) => `${node}.${verb}`),
  ),
];

/** The driver calls of the region domain that only look. */
const regionReads = [
  ...[
    ...['vpcs', 'subnets', 'internetGateways', 'natGateways', 'addresses', 'addressQuota', 'routeTables'],
    ...['securityGroups', 'rules', 'networkInterfaces'],
  ].map((verb) => `ec2.${verb}`),
  ...['loadBalancer', 'targetGroup', 'listeners', 'targets'].map((verb) => `elb.${verb}`),
  ...['zone', 'records', 'healthChecks', 'healthCheckTags'].map((verb) => `route53.${verb}`),
  ...['waf.webAclOf', 'dns.askEach', 'dns.resolve'],
  ...['kubernetes.get', 'kubernetes.list', 'kubernetes.contents'],
];

function regionKind(work: RegionWork, decisive: string, always: readonly string[]): SweptKind {
  return {
    rules: { decisive, reads: regionReads },
    startScene: (stateDir, name) => startRegionScene(stateDir, name, work),
    startSampleScene: (stateDir, name) => startRegionScene(stateDir, name, work, { cluster: false }),
    roles: ['region'],
    needs: ['s3'],
    always,
  };
}

function shardKind(work: 'add' | 'drain', decisive: string, always: readonly string[]): SweptKind {
  return {
    rules: { decisive, reads: shardReads, own: shardSteps },
    startScene: (stateDir, name) => startShardScene(stateDir, name, work),
    roles: ['clickhouse'],
    needs: ['clickhouse'],
    sample: 4,
    always,
  };
}

export const sweptKinds = {
  'redis.switchover': {
    rules: {
      decisive: 'redisHandover.ensure#1',
      reads: redisReads,
    },
    startScene: startRedisScene,
    roles: ['redis', 'vantage'],
    needs: ['redis'],
    always: [
      'driver:after:redis.demote#1@redisHandover.ensure#1',
      'stop:driver:before:redis.demote#1@redisHandover.ensure#1',
    ],
  },
  'redis.failover': {
    rules: { decisive: 'redisPromote.ensure#1', reads: redisReads },
    startScene: (stateDir, name) => startRedisScene(stateDir, name, failovers),
    roles: ['redis', 'vantage'],
    needs: ['redis'],
    always: [
      'driver:after:redis.promote#1@redisPromote.ensure#1',
      'stop:driver:before:redis.promote#1@redisPromote.ensure#1',
    ],
  },
  'redis.rejoin': {
    rules: { decisive: 'redisFollow.ensure#1', reads: redisReads },
    startScene: (stateDir, name) => startRedisScene(stateDir, name, rejoins),
    roles: ['redis', 'vantage'],
    needs: ['redis'],
    always: [
      'driver:after:redis.stepDown#1@redisFollow.ensure#1',
      'stop:driver:before:redis.stepDown#1@redisFollow.ensure#1',
    ],
  },
  'clickhouse.move': {
    rules: { decisive: 'clickhouseCutOver.ensure#1', reads: clickhouseReads },
    startScene: (stateDir, name) => startClickHouseScene(stateDir, name, { kind: 'move' }),
    workflows: '../support/under-table.ts',
    roles: ['clickhouse'],
    needs: ['clickhouse'],
    always: [
      'driver:after:clickhouse.attachPartitionFrom#1@clickhouseCutOver.ensure#1',
      'stop:driver:before:clickhouse.detachPartition#1@clickhouseCutOver.ensure#1',
    ],
  },
  'clickhouse.split': {
    rules: { decisive: 'clickhouseCutOver.ensure#1', reads: clickhouseReads },
    startScene: (stateDir, name) => startClickHouseScene(stateDir, name, { kind: 'split', buckets: [1, 4, 7, 10] }),
    workflows: '../support/under-table.ts',
    roles: ['clickhouse'],
    needs: ['clickhouse'],
    always: [
      'driver:after:clickhouse.detachPartition#1@clickhouseCutOver.ensure#1',
      'stop:driver:before:clickhouse.attachPartitionFrom#1@clickhouseGiveOwnBack.ensure#1',
    ],
  },
  'clickhouse.add-shard': shardKind('add', 'clickhouseSetMembership.ensure#2', [
    'driver:after:clickhouse.createObject#1@clickhouseMakeSchema.ensure#1',
    'driver:after:membership.run#1@clickhouseSetMembership.ensure#2',
  ]),
  'clickhouse.drain-shard': shardKind('drain', 'clickhouseSetMembership.ensure#1', [
    'driver:after:membership.run#1@clickhouseSetMembership.ensure#1',
    'activity:after:clickhouseProveEmpty.inspect#1',
  ]),
  'clickhouse.tier': {
    rules: { decisive: 'clickhouseExpirePartition.ensure#1', reads: tierReads },
    startScene: startTierScene,
    roles: ['clickhouse'],
    needs: ['clickhouse'],
    always: [
      'driver:after:clickhouse.dropPartition#1@clickhouseExpirePartition.ensure#1',
      'stop:driver:before:clickhouse.dropPartition#2@clickhouseExpirePartition.ensure#1',
    ],
  },
  'archive.restore': {
    rules: {
      ...{ decisive: 'archivePromote.ensure#', reads: restoreReads, own: restoreSteps },
      whole: ['archiveRequestThaw.ensure', 'archiveCopyOut.ensure', 'archivePromote.ensure'],
    },
    startScene: startRestoreScene,
    roles: ['archive'],
    needs: ['clickhouse', 'redis', 's3'],
    always: [
      'driver:after:clickhouse.attachPartitionFrom#1@archivePromote.ensure#1',
      'stop:driver:before:primary.load#1@archivePromote.ensure#2',
      // In the middle of the load: the primary follows the worker that is killed.
      'driver:after:s3.get#1@archivePromote.ensure#2',
    ],
    // The promotion is in every sample.
    phases: ['archiveRequestThaw', 'archiveAwaitThaw', 'archiveCopyOut', 'archiveFillStaging', 'archiveVerifyStaging'],
    sample: 6,
  },
  'region.rollout': regionKind('rollout', 'regionMakeNat.ensure(a)#1', [
    'driver:after:ec2.createVpc#1@regionMakeVpc.ensure#1',
    'driver:after:ec2.allocateAddress#1@regionMakeNat.ensure(a)#1',
  ]),
  'region.retire': regionKind('retire', 'regionRemoveEdgeRecords.ensure#1', [
    'driver:after:route53.deleteRecords#1@regionRemoveEdgeRecords.ensure#1',
    'driver:after:ec2.deleteVpc#1@regionRemoveVpc.ensure#1',
  ]),
} satisfies Partial<Record<Kind, SweptKind>>;
