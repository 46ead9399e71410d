import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadPlatform, parsePlatform, platformJsonSchemaText } from '../../src/platform/index.ts';

const at = (name: string) => fileURLToPath(new URL(`../../${name}`, import.meta.url));
const { platform } = loadPlatform(at('platform.example.yaml'));

const GB = 1e9;
const TB = 1e12;
const GiB = 2 ** 30;
const day = 86_400_000;

/** Every quantity of the seed: what it says, where the parsed example has it, and its value there. */
const quantities: readonly (readonly [string, unknown, unknown])[] = [
  ['regions', Object.keys(platform.regions).length, 3],
  ['zones of US-East', Object.keys(platform.regions['us-east-1']?.zones ?? {}).length, 3],
  ['zones of EU-West', Object.keys(platform.regions['eu-west-1']?.zones ?? {}).length, 2],
  ['zones of AP-Southeast', Object.keys(platform.regions['ap-southeast-1']?.zones ?? {}).length, 1],
  ['network segments', Object.keys(platform.network.segments).length, 6],
  ...daemon('gatewayd', { min: 3, cpus: 8, memoryBytes: 16 * GB, diskBytes: 100 * GB, medium: 'ssd', apiPort: 8000 }),
  ...daemon('metald', { min: 3, cpus: 16, memoryBytes: 32 * GB, diskBytes: 500 * GB, medium: 'nvme', apiPort: 8080 }),
  ...daemon('builderd', { min: 2, cpus: 32, memoryBytes: 64 * GB, diskBytes: TB, medium: 'nvme', apiPort: 8082 }),
  ['gatewayd, largest machine', platform.daemons['gatewayd']?.scaling?.maxCpus, 32],
  ['assetmanagerd, drawn', platform.daemons['assetmanagerd']?.instances.planned, 2],
  ['billaged, drawn', platform.daemons['billaged']?.instances.planned, 3],
  ['billing aggregator, drawn', platform.daemons['billing-aggregator']?.instances.planned, 1],
  ...clickhouse(),
  ...hostClass('compute-96', 96, 384 * GB),
  ...hostClass('compute-128', 128, 512 * GB),
  ...kubernetes(),
  ...mesh(),
  ['VM disks leave NVMe', platform.storage.moves[0]?.afterMs, 7 * day],
  ['objects cool', platform.storage.buckets['unkey-vm-assets']?.ageRules[0]?.afterMs, 30 * day],
  ['objects freeze', platform.storage.buckets['unkey-vm-assets']?.ageRules[1]?.afterMs, 90 * day],
  ['backups freeze', platform.storage.buckets['unkey-backups']?.ageRules[1]?.afterMs, 90 * day],
  ['nodes of a Redis group', platform.redis.groups['sessions']?.nodes.length, 2],
];

describe('the example platform file', () => {
  it.each(quantities)('has the seed’s %s', (_what, found, expected) => {
    expect(found).toEqual(expected);
  });

  it('puts VM hosts in every zone but that of AP-Southeast', () => {
    const without = Object.values(platform.regions)
      .flatMap(({ zones }) => Object.entries(zones))
      .filter(([, { runs }]) => !runs.includes('vm-hosts'));
    expect(without.map(([zone]) => zone)).toEqual(['ap-southeast-1a']);
  });

  it('names every system of the seed', () => {
    const everything = readFileSync(at('platform.example.yaml'), 'utf8').toLowerCase();
    const systems = `cloudflare fastly route53 consul etcd kafka nats s3 minio ebs nfs efs glacier zookeeper redis
      prometheus opentelemetry cortex thanos influxdb grafana alertmanager fluentd fluent-bit vector logstash
      elasticsearch kibana splunk geodns anycast ddos geoblocking bastions nat-gateways jailer`;
    expect(systems.split(/\s+/).filter((system) => !everything.includes(system))).toEqual([]);
  });

  it('names two Redis groups that differ in path and discovery', () => {
    const { sessions, ratelimits } = platform.redis.groups;
    expect([sessions?.path, ratelimits?.path]).toEqual(['direct', 'proxied']);
    expect([sessions?.discovery.kind, ratelimits?.discovery.kind]).toEqual(['http', 'command']);
  });
});

describe('the published JSON schema', () => {
  it('is what the code says today (npm run schema)', () => {
    expect(readFileSync(at('docs/reference/platform.schema.json'), 'utf8')).toBe(platformJsonSchemaText());
  });
});

describe('the page about the platform file', () => {
  it('shows excerpts that are right', () => {
    const page = readFileSync(at('docs/reference/platform-file.md'), 'utf8');
    const excerpts = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, excerpt]) => excerpt);
    const whole = `version: 1\nname: lab\nregions: { us-east-1: { zones: {} } }\n${excerpts.join('\n')}`;
    expect(Object.keys(parsePlatform(whole, 'platform-file.md').platform.redis.groups)).toEqual(['sessions']);
  });
});

function daemon(name: string, want: Record<string, unknown>): [string, unknown, unknown][] {
  const found = platform.daemons[name];
  const disk = found?.machine?.disks[0];
  const have = {
    min: found?.instances.min,
    cpus: found?.machine?.cpus,
    memoryBytes: found?.machine?.memoryBytes,
    diskBytes: disk?.bytes,
    medium: disk?.medium,
    apiPort: found?.apiPort,
  };
  return [
    [`${name}, network`, found?.machine?.networkGbps, 10],
    ...Object.entries(have).map(([key, value]): [string, unknown, unknown] => [`${name}, ${key}`, value, want[key]]),
  ];
}

function clickhouse(): [string, unknown, unknown][] {
  const cluster = platform.clickhouse.clusters['metrics'];
  return [
    ['ClickHouse shards', cluster?.shards, 2],
    ['ClickHouse replicas', cluster?.replicas, 2],
    ['ClickHouse nodes', cluster?.nodes.length, 4],
    ['ClickHouse node', cluster?.machine, { cpus: 32, memoryBytes: 128 * GB, disks: [], networkGbps: 10 }],
    ['ClickHouse NVMe', cluster?.tiers['nvme'], { medium: 'nvme', temperature: 'hot', bytes: 500 * GB }],
    ['ClickHouse SSD', cluster?.tiers['ssd'], { medium: 'ssd', temperature: 'warm', bytes: 10 * TB }],
    ['ClickHouse HDD', cluster?.tiers['hdd'], { medium: 'hdd', temperature: 'cold', bytes: 50 * TB }],
    ['raw metrics', cluster?.retentions['raw'], { keepMs: 7 * day, tier: 'nvme', data: 'raw metrics' }],
    ['5-minute aggregates', cluster?.retentions['five-minutes']?.keepMs, 30 * day],
    ['5-minute tier', cluster?.retentions['five-minutes']?.tier, 'ssd'],
    ['hourly aggregates', cluster?.retentions['hourly']?.keepMs, 365 * day],
    ['hourly tier', cluster?.retentions['hourly']?.tier, 'ssd'],
    ['daily aggregates', cluster?.retentions['daily']?.keepMs, 3 * 365 * day],
    ['daily tier', cluster?.retentions['daily']?.tier, 'hdd'],
    ['copies of ClickHouse', cluster?.copies.map(({ region }) => region), ['eu-west-1', 'ap-southeast-1']],
  ];
}

function hostClass(name: string, cpus: number, memoryBytes: number): [string, unknown, unknown][] {
  const found = platform.hosts.classes[name];
  return [
    [`${name}, CPUs and memory`, [found?.cpus, found?.memoryBytes, found?.eccMemory], [cpus, memoryBytes, true]],
    [
      `${name}, disks`,
      found?.disks.map(({ count, bytes, role }) => [count, bytes, role]),
      [
        [2, TB, 'os-and-jailer'],
        [4, 4 * TB, 'vm-storage'],
      ],
    ],
    [`${name}, NICs`, found?.nics, { count: 2, gbps: 25, bonded: true }],
    [`${name}, SR-IOV`, found?.sriov, true],
    [`${name}, small VMs`, found?.densities['small'], { cpus: 1, memoryBytes: 512e6, min: 150, max: 180 }],
    [`${name}, medium VMs`, found?.densities['medium'], { cpus: 2, memoryBytes: 2 * GB, min: 40, max: 50 }],
    [`${name}, large VMs`, found?.densities['large'], { cpus: 4, memoryBytes: 8 * GB, min: 10, max: 12 }],
  ];
}

function kubernetes(): [string, unknown, unknown][] {
  const { gatewayd, metald } = platform.kubernetes?.workloads ?? {};
  return [
    ['gatewayd replicas', gatewayd?.replicas, 3],
    ['gatewayd port', gatewayd?.port, 8000],
    ['gatewayd spread', gatewayd?.spreadOver, 'kubernetes.io/hostname'],
    ['gatewayd requests', gatewayd?.requests, { cpus: 4, memoryBytes: 8 * GiB }],
    ['gatewayd limits', gatewayd?.limits, { cpus: 8, memoryBytes: 16 * GiB }],
    ['gatewayd environment', gatewayd?.environment['UNKEY_GATEWAYD_PORT'], '8000'],
    [
      'gatewayd liveness',
      gatewayd?.liveness,
      { path: '/health', port: 8000, initialDelayMs: 30_000, periodMs: 10_000 },
    ],
    ['gatewayd readiness', gatewayd?.readiness, { path: '/ready', port: 8000, initialDelayMs: 5_000, periodMs: 5_000 }],
    ['metald requests', metald?.requests, { cpus: 8, memoryBytes: 16 * GiB }],
    ['metald limits', metald?.limits, { cpus: 16, memoryBytes: 32 * GiB }],
    ['metald fsGroup', metald?.fsGroup, 1000],
    ['metald jail', metald?.volumes['jailer-storage']?.bytes, 500 * GiB],
    ['metald capabilities', metald?.capabilities, ['SYS_ADMIN', 'NET_ADMIN', 'DAC_OVERRIDE']],
  ];
}

function mesh(): [string, unknown, unknown][] {
  const [vms, builds] = platform.mesh.routes;
  const breaker = platform.mesh.breakers['metald'];
  return [
    ['route to metald', [vms?.prefix, vms?.port, vms?.weight, vms?.timeoutMs], ['/v1/vms', 8080, 100, 30_000]],
    ['retries of metald', [vms?.retries?.attempts, vms?.retries?.perTryTimeoutMs], [3, 10_000]],
    [
      'route to builderd',
      [builds?.prefix, builds?.port, builds?.weight, builds?.timeoutMs],
      ['/v1/builds', 8082, 100, 300_000],
    ],
    ['connections', [breaker?.maxConnections, breaker?.maxPendingRequests, breaker?.maxRequests], [100, 100, 100]],
    ['requests per connection', breaker?.maxRequestsPerConnection, 2],
    ['errors before ejection', breaker?.consecutiveGatewayErrors, 5],
    ['ejection', [breaker?.intervalMs, breaker?.baseEjectionMs], [30_000, 30_000]],
    ['ejection bounds', [breaker?.maxEjectionPercent, breaker?.minHealthPercent], [50, 30]],
  ];
}
