/** What the configuration of one server of the lab's cluster says. */
export type ServerConfig = {
  name: string;
  host: string;
  tcpPort: number;
  httpPort: number;
  interserverPort: number;
  dir: string;
  dataDir: string;
  macros: Readonly<Record<string, string>>;
  zookeeper: { host: string; port: number };
  sessionTimeoutMs: number;
  password?: string;
  /** Settings of the default profile. */
  profile: Readonly<Record<string, string | number>>;
  /** Settings of every MergeTree table. */
  mergeTree: Readonly<Record<string, string | number>>;
};

/** One shard of a cluster as `remote_servers` lists it. */
export type ShardConfig = {
  weight?: number;
  replicas: readonly { host: string; tcpPort: number }[];
};

/** An XML element: text, or elements by name; a list repeats its element. */
type Xml = string | number | { readonly [name: string]: Xml | readonly Xml[] };

/**
 * config.xml: small caches, few threads, everything under the node's own folder. No query_log: the driver asks for a line of it with
 * every statement, and to flush and merge them was a sixth of what a server computed. The root element is of its time.
 */
export function serverXml(config: ServerConfig): string {
  const { dataDir, host } = config;
  return document({
    logger: { level: 'warning', console: 1 },
    display_name: config.name,
    http_port: config.httpPort,
    tcp_port: config.tcpPort,
    interserver_http_port: config.interserverPort,
    interserver_http_host: host,
    listen_host: host,
    path: `${dataDir}/`,
    tmp_path: `${dataDir}/tmp/`,
    user_files_path: `${dataDir}/user_files/`,
    format_schema_path: `${dataDir}/format_schemas/`,
    users_config: 'users.xml',
    default_profile: 'default',
    default_database: 'default',
    timezone: 'UTC',
    mark_cache_size: 64 << 20,
    uncompressed_cache_size: 0,
    max_concurrent_queries: 100,
    // A server that is told to stop waits up to 5 s for connections to close.
    keep_alive_timeout: 1,
    zookeeper: { node: config.zookeeper, session_timeout_ms: config.sessionTimeoutMs },
    macros: config.macros,
    distributed_ddl: { path: '/clickhouse/task_queue/ddl' },
    merge_tree: config.mergeTree,
  });
}

/** users.xml: one user, with a password or (on loopback alone) without. */
export function usersXml({ password, profile }: Pick<ServerConfig, 'password' | 'profile'>): string {
  return document({
    profiles: { default: profile },
    users: {
      default: {
        password: password ?? '',
        networks: { ip: ['127.0.0.1', '::1'] },
        profile: 'default',
        quota: 'default',
      },
    },
    quotas: { default: {} },
  });
}

/** config.d/remote_servers.xml. A running server takes a changed one up within about 2 s. */
export function remoteServersXml(
  clusters: Readonly<Record<string, readonly ShardConfig[]>>,
  password: string | undefined,
): string {
  const shard = ({ weight, replicas }: ShardConfig): Xml => ({
    ...(weight === undefined ? {} : { weight }),
    internal_replication: 'true',
    replica: replicas.map(({ host, tcpPort }) => ({
      host,
      port: tcpPort,
      user: 'default',
      ...(password === undefined ? {} : { password }),
    })),
  });
  const listed = Object.entries(clusters).map(([name, shards]) => [name, { shard: shards.map(shard) }] as const);
  return document({ remote_servers: Object.fromEntries(listed) });
}

function document(content: Xml): string {
  return `<?xml version="1.0"?>\n<yandex>\n${element(content)}</yandex>\n`;
}

function element(content: Xml): string {
  if (typeof content !== 'object') return escaped(String(content));
  return Object.entries(content)
    .flatMap(([name, value]) =>
      (Array.isArray(value) ? (value as readonly Xml[]) : [value as Xml]).map((one) => [name, one] as const),
    )
    .map(([name, value]) => `<${name}>${element(value)}</${name}>\n`)
    .join('');
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
