import type { PlayedHost } from './played-host.ts';

/** Plays a machine that is what its class says: what the looks at the hardware of a host print. */
export function playHardware(host: PlayedHost): void {
  const { config, class: hostClass } = host.access;
  const { cpus, memoryBytes, disks, nics, kernels } = hostClass;
  const of = (role: string) => disks.filter((one) => one.role === role);
  const system = of('os-and-jailer').flatMap(({ count, bytes }) =>
    Array.from({ length: count }, (_, at) => `${bytes} 0 1 1 ${host.access.serial}-OS${at + 1}`),
  );
  const data = config.disks.map((serial) => `${of('vm-storage')[0]?.bytes ?? 0} 0 1 0 ${serial}`);
  const cards = config.uplinks.map(
    ({ mac }, at) => `enp0s${at + 3} ${mac} 1 1 ${nics.gbps * 1_000} ${nics.gbps * 1_000}`,
  );
  host.play({
    // As many again could be plugged in.
    nproc: ([flag]) => `${flag === '--all' ? 2 * cpus : cpus}\n`,
    getconf: ([name]) => `${name === '_NPROCESSORS_ONLN' ? cpus : 2 * cpus}\n`,
    cpu: () => 'model name\t: AMD EPYC\nsvm\n',
    kvm: () => '',
    meminfo: () => `MemTotal:       ${Math.ceil(memoryBytes / 1_024)} kB\n`,
    dmidecode: ([, type]) => (type === '16' ? '\tError Correction Type: Multi-bit ECC\n' : ''),
    'read-edac': () => '0 0\n',
    'read-hardware-disks': () => [...system, ...data].join('\n'),
    'read-nics': () => cards.join('\n'),
    'read-machine-checks': () => '',
    'read-clock': () => '',
    uname: ([flag]) => (flag === '-r' ? `${kernels[0] ?? '6.1.'}0-1-amd64\n` : `${config.node}\n`),
    df: () => 'Mounted on Avail\n/ 8000000000\n',
    stat: () => 'cgroup2fs\n',
    date: () => `${Date.now() / 1_000}\n`,
  });
  host.files.set('/proc/swaps', 'Filename\tType\tSize\tUsed\tPriority\n');
}
