import { z } from 'zod';
import { count, host as address, mapOf, name, port, text, url } from '../schema/names.ts';
import { secretRef } from '../schema/secret.ts';
import { duration, rename, size } from '../schema/units.ts';
import { medium } from '../schema/machine.ts';

const disks = z
  .strictObject({ count, size, medium, role: z.enum(['os-and-jailer', 'vm-storage']) })
  .transform(rename({ size: 'bytes' }));

const density = z
  .strictObject({
    cpus: count,
    memory: size,
    disk: size.exactOptional().describe('Of the VM storage, per VM.'),
    min: count,
    max: count,
  })
  .refine(({ min, max }) => min <= max, { error: 'min is greater than max', path: ['min'] })
  .transform(rename({ memory: 'memoryBytes', disk: 'diskBytes' }));

/** How the uplinks are bonded. Which cards they are is in the inventory, by their MAC addresses. */
const bond = z
  .strictObject({
    mode: z.enum(['802.3ad', 'active-backup']),
    name: name.default('bond0'),
    mtu: z.int().min(1_280).max(9_216).default(1_500),
    miimon: duration.default(100).describe('How often the carrier is looked at.'),
    lacpRate: z.enum(['slow', 'fast']).default('fast'),
    confirmWithin: duration
      .default(180_000)
      .describe('Not confirmed within this time, the host goes back to its former network by itself.'),
    virtualFunctions: z.int().min(0).max(256).default(0).describe('SR-IOV virtual functions per uplink.'),
  })
  .transform(rename({ miimon: 'miimonMs', confirmWithin: 'confirmWithinMs' }));

const burnIn = z
  .strictObject({
    cpu: duration.default(600_000),
    memory: duration.default(600_000),
    disk: duration.default(600_000),
  })
  .transform(rename({ cpu: 'cpuMs', memory: 'memoryMs', disk: 'diskMs' }));

const systemdUnit = z
  .string()
  .regex(/^[A-Za-z0-9@._-]+\.service$/, { error: 'a systemd unit, such as metald.service' });

const mountPoint = z.string().regex(/^(\/[A-Za-z0-9_][A-Za-z0-9._-]*)+$/, {
  error: 'an absolute path of letters, digits, dot, dash, underscore',
});

/** One service of the node: a systemd unit, started in the order of this list, and what it must be seen to do. */
const nodeService = z.strictObject({
  unit: systemdUnit,
  check: z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('socket'), path: z.string().startsWith('/') }),
    z.strictObject({
      by: z.literal('http'),
      url: url.describe('Asked on the host itself.'),
      method: z.enum(['GET', 'POST']).default('GET'),
      headers: z.record(z.string(), z.string()).default({}),
      body: text.exactOptional(),
      status: z.int().min(100).max(599),
      contains: text
        .exactOptional()
        .describe('The answer that proves that it works; a /health that always says 200 does not.'),
    }),
  ]),
  tls: z
    .strictObject({ port, subject: text.describe('The SPIFFE id or name in its certificate.') })
    .exactOptional()
    .describe('The port that must speak TLS and show this identity: a daemon started too early speaks plain text.'),
});

const hostClass = z
  .strictObject({
    cpus: count,
    cpuModels: z.array(text).default([]),
    memory: size,
    eccMemory: z.boolean(),
    disks: z.array(disks).min(1),
    nics: z.strictObject({ count, gbps: z.number().positive(), bonded: z.boolean() }),
    sriov: z.boolean(),
    kernels: z.array(text).default([]).describe('Kernel versions that Firecracker supports, as prefixes: 6.1.'),
    reserved: z
      .strictObject({ cpus: z.number().min(0).default(2), memory: size.default(8_000_000_000) })
      .transform(rename({ memory: 'memoryBytes' }))
      .prefault({})
      .describe('Kept for the host itself before VMs are counted.'),
    cpuOvercommit: z
      .number()
      .min(1)
      .max(16)
      .default(1)
      .describe('How many CPUs of VMs share one of the host; 1 promises none twice.'),
    densities: mapOf(density).describe(
      'VMs of one shape that a host of this class carries, when it carries nothing else: a cap.',
    ),
    storage: z
      .strictObject({
        mountPoint: mountPoint.default('/srv/vm'),
        writers: z.array(systemdUnit).default([]),
        initialSync: z
          .boolean()
          .default(true)
          .describe(
            'Whether the members of a new array are brought into step before VMs come, which takes hours. false: mdadm --assume-clean; RAID10 bears it as long as nothing reads what it has not written.',
          ),
      })
      .prefault({})
      .describe('Where the VM storage is mounted; `writers`: units that must not start without it.'),
    bond: bond.prefault({ mode: '802.3ad' }),
    hardening: z
      .strictObject({
        smt: z.enum(['off', 'on']).default('off'),
        kernelArguments: z
          .array(
            z
              .string()
              .regex(/^[A-Za-z0-9_.,:=/+-]+$/, { error: 'one argument of the kernel, without spaces and quotes' }),
          )
          .default(['quiet', 'loglevel=1', '8250.nr_uarts=0']),
        acceptedVulnerabilities: z
          .array(name)
          .default([])
          .describe(
            'Names in /sys/devices/system/cpu/vulnerabilities that may say Vulnerable: accepted for this class, and said in every report.',
          ),
        vmUids: z
          .strictObject({ first: z.int().min(1_000).default(2_000_000), count: count.default(65_536) })
          .prefault({})
          .describe('User ids of VMs, one each: no other user of the host has one of them.'),
      })
      .prefault({}),
    services: z.array(nodeService).default([]),
    burnIn: burnIn.prefault({}),
  })
  .transform(rename({ memory: 'memoryBytes' }));

const pool = z.strictObject({ zone: name, class: name });

const login = {
  address,
  port: port.default(22),
  user: name.default('root'),
  privateKey: secretRef,
  hostKey: z
    .string()
    .regex(/^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/=]+$/, {
      error: 'the public host key as ssh-keyscan prints it, without the host: ssh-ed25519 AAAA…',
    })
    .describe('Pinned: a host that shows another key is not talked to.'),
};

const bastion = z.strictObject(login);

const uplink = z.strictObject({
  mac: z.string().regex(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/, { error: 'a MAC address in lower case, 52:54:00:…' }),
});

const inventoryHost = z.strictObject({
  node: name.describe('Its name as a node of Kubernetes.'),
  class: name,
  zone: name,
  rack: name,
  link: name
    .exactOptional()
    .describe('The uplink that it shares with others; fleet runs limit how many use it at once.'),
  ...login,
  bastion: name.exactOptional(),
  disks: z
    .array(text)
    .min(2)
    .describe('Serial numbers of the disks that become VM storage. No other disk is ever written to.'),
  uplinks: z.array(uplink).min(1).describe('The cards that are bonded.'),
  network: z
    .strictObject({
      address: text.describe('Of the bond, with its prefix length: 10.20.0.17/22.'),
      gateway: address.exactOptional(),
      dns: z.array(address).default([]),
    })
    .exactOptional(),
});

const fleet = z.strictObject({
  window: count.default(10),
  perRack: count.default(2).describe('Hosts of one rack at once.'),
  perLink: count.default(4).describe('Hosts that share one uplink at once.'),
  maxFailures: z
    .int()
    .min(0)
    .default(3)
    .describe('So many hosts may fail; when one more has, no further one is started.'),
});

/** The API of one region’s cluster, and who Gantry is there. */
export const kubernetesAccess = z.strictObject({
  api: url,
  ca: text.exactOptional().describe('File with the certificates that are trusted for it; the system’s unless given.'),
  token: secretRef,
});

/**
 * VM hosts: their classes, which class a zone takes, and the inventory by serial number. `kubernetes`: the API that admits
 * them, by region.
 */
export const hosts = z.strictObject({
  classes: mapOf(hostClass),
  pools: z.array(pool).default([]),
  bastions: mapOf(bastion),
  inventory: mapOf(inventoryHost),
  fleet: fleet.prefault({}),
  kubernetes: mapOf(kubernetesAccess),
  quarantine: z
    .enum(['report', 'taint'])
    .default('report')
    .describe('What host.conformance does with a host that drifted.'),
});

export type Hosts = z.output<typeof hosts>;
export type HostClass = z.output<typeof hostClass>;
export type InventoryHost = z.output<typeof inventoryHost>;
export type HostBond = z.output<typeof bond>;
export type HostService = z.output<typeof nodeService>;
export type HostLogin = z.output<typeof bastion>;
export type KubernetesAccess = z.output<typeof kubernetesAccess>;
