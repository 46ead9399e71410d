import { join } from 'node:path';

/** The pool of the bench: racks of twenty hosts, links of forty. */
export const pool = { zone: 'z1', class: 'small' } as const;

/** Of its zones: hosts are reached from workers within it. */
export const region = 'r1';

export const serialOf = (at: number): string => `BENCH${String(at).padStart(5, '0')}`;

/** Hosts after those of the pool, in another zone: they are measured alone. */
export const aloneHosts = 3;

const macOf = (at: number): string => `52:54:00:00:${hex(at >> 8)}:${hex(at & 0xff)}`;
const hex = (byte: number): string => byte.toString(16).padStart(2, '0');

/**
 * The platform file of a fleet. A host that was started alone would wait for an approval: that those of the fleet do not
 * shows that the fleet's own covers them. `asked`: the kinds that are asked for where they are started alone.
 */
export function fleetPlatform(folder: string, hosts: number, asked: readonly string[] = ['host.onboard']): string {
  const lines = Array.from({ length: hosts + aloneHosts }, (_, at) => {
    const zone = at < hosts ? pool.zone : 'z2';
    const [rack, link] = [Math.floor(at / 20), Math.floor(at / 40)];
    return `    ${serialOf(at)}: { node: n${at}, class: small, zone: ${zone}, rack: r${rack}, link: l${link}, address: 10.0.0.1, user: root, privateKey: { env: BENCH_KEY }, hostKey: ssh-ed25519 AAAA, disks: [D${at}A, D${at}B], uplinks: [{ mac: '${macOf(at)}' }] }`;
  });
  return `version: 1
name: bench
regions: { ${region}: { zones: { z1: { runs: [vm-hosts] }, z2: { runs: [vm-hosts] } } } }
reports: { folder: ${JSON.stringify(join(folder, 'reports'))} }
policies:
  default: { approval: { people: 0 } }
  kinds:
${asked.map((kind) => `    ${kind}: { approval: { people: 1 } }`).join('\n')}
hosts:
  classes:
    small:
      cpus: 4
      memory: 8GiB
      eccMemory: true
      disks: [{ count: 2, size: 4TB, medium: nvme, role: vm-storage }]
      nics: { count: 2, gbps: 25, bonded: true }
      sriov: false
      densities: { little: { cpus: 1, memory: 512MB, min: 1, max: 180 } }
  fleet: { window: 50, perRack: 4, perLink: 8, maxFailures: 20 }
  inventory:
${lines.join('\n')}
`;
}
