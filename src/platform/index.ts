export type { ArchivedTable } from './archive/look-ups.ts';
export { archivedTables, archiveOf } from './archive/look-ups.ts';
export type { ArchivePrices } from './archive/prices-schema.ts';
export type { Archive, ArchiveStaging, StorageClass } from './archive/schema.ts';
export type { LoadedPlatform } from './load.ts';
export { loadPlatform, parsePlatform, readPlatformText } from './load.ts';
export { replacePlatform } from './replace.ts';
export type { WindowState } from './look-ups.ts';
export { guardPolicy } from './redis/guard-policy.ts';
export { clickhouseCluster, clickhouseTable } from './clickhouse/look-ups.ts';
export { freezeAt, policyFor, windowState } from './look-ups.ts';
export { regionsOf } from './regions-of.ts';
export { hostInventory, hostPool, hostRegion, hostsNamed, isPlaceholderSerial, knownHosts } from './host/look-ups.ts';
export type { HostInventory } from './host/look-ups.ts';
export type {
  Hosts,
  HostBond,
  HostClass,
  HostLogin,
  HostService,
  InventoryHost,
  KubernetesAccess,
} from './host/schema.ts';
export { regionHosts, regionPools, regionStores, regionUses, rolloutRegion } from './region/look-ups.ts';
export type { Cidr } from './region/cidr.ts';
export { contains, overlaps, parseCidr } from './region/cidr.ts';
export type { RolloutEdge } from './region/edge.ts';
export type { ImageReference } from './region/image.ts';
export { imageByDigest, imageText, parseImage } from './region/image.ts';
export type { ListedImage } from './region/pins.ts';
export { listedImages, withImages } from './region/pins.ts';
export type { MetricGate } from './region/metrics.ts';
export { selectorsOf } from './region/metrics.ts';
export type { Rollout, RolloutComponent, RolloutRegion } from './region/schema.ts';
export { metricsWithinMs } from './region/schema.ts';
export type { Network } from './schema/network.ts';
export { redisGroup } from './redis/look-ups.ts';
export { platformJsonSchema, platformJsonSchemaText } from './json-schema.ts';
export type { ClickHouseCluster, ClickHouseNode } from './clickhouse/schema.ts';
export type { ClickHouseBackup, ClickHouseFamily } from './clickhouse/family-schema.ts';
export type { ClickHouseMembership, MembershipPrograms } from './clickhouse/membership-schema.ts';
export type { ClickHouseTable, IngestFence, TableKeys } from './clickhouse/table-schema.ts';
export type { Freeze, MaintenanceWindow } from './schema/calendar.ts';
export type { Platform } from './schema/platform.ts';
export { platform as platformSchema } from './schema/platform.ts';
export type { RedisDiscovery, RedisGroup, RedisNode } from './redis/schema.ts';
export { redisGroup as redisGroupSchema } from './redis/schema.ts';
export { failoverDefaults } from './redis/failover-schema.ts';
export type { RedisFailover, RedisFence, RedisSentinel, RedisTls } from './redis/failover-schema.ts';
export type { RedisKeepHook, RedisStartHook } from './redis/rejoin-schema.ts';
export { guardDefaults } from './redis/guard-schema.ts';
export type { RedisGuard } from './redis/guard-schema.ts';
export type { SecretRef } from './schema/secret.ts';
export { parseDuration } from './schema/units.ts';
export { digestOf } from './digest.ts';
export type { PlatformDigests } from './slices.ts';
export { platformDigests } from './slices.ts';
export type { WithoutSecrets } from './without-secrets.ts';
export { withoutSecrets } from './without-secrets.ts';
