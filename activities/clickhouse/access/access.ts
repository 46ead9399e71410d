import type { ClickHouseConnectOptions, ClickHouseNode } from '../../../src/drivers/clickhouse/index.ts';
import { connectClickHouse } from '../../../src/drivers/clickhouse/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { Hook } from '../../../src/drivers/programs/index.ts';
import type { ClickHouseCluster, ClickHouseTable, MembershipPrograms, SecretRef } from '../../../src/platform/index.ts';
import type { BackupRowDigest } from '../../../src/runs/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import type { Logger } from '../../../src/telemetry/log.ts';
import type { IngestHooks, IngestPrograms, IngestTarget } from './ingest-hooks.ts';
import { ingestHooks } from './ingest-hooks.ts';
import type { MembershipTarget } from './membership-hook.ts';
import { membershipHook } from './membership-hook.ts';

/** A cluster as the worker reaches it. */
export type ClickHouseClusterAccess = {
  config: ClickHouseCluster;
  /** A new connection to a server, by its name in the platform file; the caller closes it. @throws CLICKHOUSE_UNKNOWN_NODE, and what connecting gives */
  connect: (nodeName: string, options?: ClickHouseConnectOptions) => Promise<ClickHouseNode>;
  /** The programs that hold the writers of one partition back. */
  ingest: (programs: IngestPrograms, of: IngestTarget) => IngestHooks;
  /** The programs that write `remote_servers` on the hosts. */
  membership: (programs: MembershipPrograms, of: MembershipTarget) => Hook;
};

/** What every clickhouse step is given. */
export type ClickHouseDeps = {
  /** @throws CLICKHOUSE_UNKNOWN_CLUSTER */
  clusters: (name: string) => ClickHouseClusterAccess | Promise<ClickHouseClusterAccess>;
  log: Logger;
  /** Whether the newest backup of an archive has exactly these rows; not there where the worker reaches no archive. */
  archived?: (
    of: {
      archive: string;
      cluster: string;
      table: string;
      partition: string;
      shards: readonly { shard: number; digest: BackupRowDigest }[];
    },
    signal: AbortSignal,
  ) => Promise<{ known: boolean; evidence: string }>;
};

/**
 * A cluster of the platform file → access to it. `secret` reads what the file only points to.
 * @throws SECRET_NOT_FOUND from `secret`
 */
export function clickhouseClusterAccess(
  name: string,
  config: ClickHouseCluster,
  secret: (ref: SecretRef) => string,
): ClickHouseClusterAccess {
  const { username, password, nodes } = config;
  const credentials = {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password: secret(password) }),
  };
  return {
    config,
    connect: async (nodeName, options) => {
      const node = nodes.find((one) => one.name === nodeName);
      if (node) return connectClickHouse({ host: node.host, port: node.httpPort }, credentials, options);
      const names = nodes.map((one) => one.name).join(', ');
      throw new GantryError(
        'CLICKHOUSE_UNKNOWN_NODE',
        `the cluster ${name} has no server ${nodeName}; it has ${names}`,
      );
    },
    ingest: (programs, of) => ingestHooks(programs, of, secret),
    membership: (programs, of) => membershipHook(programs, of, secret),
  };
}

/** Connections whose statements carry the step's name, end with it, and change nothing once another one has the attempt. */
export function asStep({ unit, attempt, signal, mustBeOurs }: StepContext): ClickHouseConnectOptions {
  return { owner: { unit, attempt }, signal, beforeChange: mustBeOurs };
}

/** A connection to one server for as long as `use` runs. @throws what connecting gives */
export async function withServer<T>(
  access: ClickHouseClusterAccess,
  name: string,
  use: (node: ClickHouseNode) => Promise<T>,
  options?: ClickHouseConnectOptions,
): Promise<T> {
  const node = await access.connect(name, options);
  try {
    return await use(node);
  } finally {
    await node.close();
  }
}

/** Connections to all of `names` for as long as `use` runs. @throws the first server's error, once all are closed again */
export async function withServers<T>(
  access: ClickHouseClusterAccess,
  names: readonly string[],
  use: (nodes: readonly ClickHouseNode[]) => Promise<T>,
  options?: ClickHouseConnectOptions,
  mayBeLeftOut: (error: unknown, at: number) => boolean = () => false,
): Promise<T> {
  const opened = await Promise.allSettled(names.map((name) => access.connect(name, options)));
  const nodes = opened.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
  try {
    for (const [at, one] of opened.entries())
      if (one.status === 'rejected' && !mayBeLeftOut(one.reason, at)) throw one.reason;
    return await use(nodes);
  } finally {
    await Promise.all(nodes.map((node) => node.close()));
  }
}

/** As `withServers`, without those that can't be reached now; the first one must be. */
export async function withThoseThatAnswer<T>(
  access: ClickHouseClusterAccess,
  names: readonly [string, ...string[]],
  use: (nodes: readonly [ClickHouseNode, ...ClickHouseNode[]]) => Promise<T>,
  options?: ClickHouseConnectOptions,
): Promise<T> {
  const withFirst = ([first, ...others]: readonly ClickHouseNode[]): Promise<T> => {
    if (!first) throw new TypeError('the first server is never left out');
    return use([first, ...others]);
  };
  return withServers(access, names, withFirst, options, (error, at) => at > 0 && isAway(error));
}

/** Whether an error says that a server is not there now. */
function isAway(error: unknown): boolean {
  return (
    error instanceof GantryError && (error.code === 'CLICKHOUSE_UNREACHABLE' || error.code === 'CLICKHOUSE_TIMEOUT')
  );
}

/**
 * What the platform file says of a table, by its full name.
 * @throws CLICKHOUSE_UNKNOWN_TABLE, naming the tables that there are
 */
export function tableOf({ config: { tables } }: ClickHouseClusterAccess, name: string): ClickHouseTable {
  const table = Object.hasOwn(tables, name) ? tables[name] : undefined;
  if (table) return table;
  const known = Object.keys(tables).sort().join(', ') || 'none';
  throw new GantryError('CLICKHOUSE_UNKNOWN_TABLE', `Gantry may not touch ${name}; the platform file has ${known}`);
}

/** The servers of one shard, in the order of their replica numbers. */
export function serversOf({ config }: ClickHouseClusterAccess, shard: number): readonly string[] {
  return config.nodes
    .filter((node) => node.shard === shard)
    .sort((a, b) => a.replica - b.replica)
    .map(({ name }) => name);
}
