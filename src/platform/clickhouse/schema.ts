import { z } from 'zod';
import { clickhouseFamily } from './family-schema.ts';
import { clickhouseMembership } from './membership-schema.ts';
import { clickhouseTable } from './table-schema.ts';
import { machine, medium } from '../schema/machine.ts';
import { count, host, mapOf, name, port, text } from '../schema/names.ts';
import { secretRef } from '../schema/secret.ts';
import { duration, rename, size } from '../schema/units.ts';

const node = z.strictObject({
  name,
  host,
  port: port.default(9000).describe('Of its native protocol, by which the servers reach each other.'),
  httpPort: port.default(8123).describe('Of its HTTP interface, by which Gantry reaches it.'),
  shard: count,
  replica: count,
});

const tier = z
  .strictObject({
    medium,
    temperature: z.enum(['hot', 'warm', 'cold']),
    size: size.describe('Per node.'),
    volume: name
      .exactOptional()
      .describe('Its volume in the storage policies of the servers; called as its temperature unless given.'),
  })
  .transform(rename({ size: 'bytes' }));

const retention = z
  .strictObject({ keep: duration, tier: name, data: text.exactOptional() })
  .transform(rename({ keep: 'keepMs' }));

const copy = z.strictObject({ region: name, method: z.enum(['replicated-table', 'backup-restore']) });

const cluster = z.strictObject({
  region: name.describe('The region of the cluster that takes the writes.'),
  shards: count,
  replicas: count.describe('Per shard.'),
  nodes: z.array(node).describe('One for each pair of shard and replica.'),
  machine: machine.exactOptional(),
  coordination: name.describe('The ensemble, of `zookeeper`, that its replicated tables use.'),
  username: text.exactOptional(),
  password: secretRef.exactOptional(),
  loadBalancer: name.exactOptional(),
  membership: clickhouseMembership
    .prefault({})
    .describe('Which shards the servers list, and how `remote_servers` on the hosts is changed.'),
  tables: mapOf(clickhouseTable).describe('What Gantry may move and expire, by its full name: `usage.events`.'),
  tiers: mapOf(tier),
  retentions: mapOf(retention).describe('How long each level of aggregation is kept, and on which tier.'),
  families: mapOf(clickhouseFamily).describe(
    'Tables that are levels of one series: what is kept how long, and proven how.',
  ),
  copies: z.array(copy).default([]).describe('Regions that hold a copy for reading.'),
});

/** ClickHouse clusters by name. */
export const clickhouse = z.strictObject({ clusters: mapOf(cluster) });

const member = z.strictObject({ name, host, port: port.default(2181) });

const ensemble = z.strictObject({
  region: name,
  product: z.enum(['zookeeper', 'clickhouse-keeper']).default('zookeeper'),
  nodes: z.array(member).refine((list) => list.length % 2 === 1, {
    error: 'an ensemble has an odd number of nodes: an even one bears no more losses than one fewer',
  }),
});

/** Ensembles that hold the replication state of ClickHouse. */
export const zookeeper = z.strictObject({ ensembles: mapOf(ensemble) });

export type ClickHouseCluster = z.output<typeof cluster>;
export type ClickHouseNode = ClickHouseCluster['nodes'][number];
