import type { HardwareFacts, HardwareWanted, NicFacts } from '../../../src/planning/host/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { HostAccess, Ssh } from '../access/access.ts';
import type { Seen } from '../access/look.ts';
import { look } from '../access/look.ts';
import { script } from '../access/script.ts';

// POSIX shell, run as root on the host by look(): nothing is interpolated.
const nicsScript = `
for dir in /sys/class/net/*; do
  [ -e "$dir/device" ] || continue
  name=\${dir##*/}
  mac=$(cat "$dir/bonding_slave/perm_hwaddr" 2>/dev/null || cat "$dir/address")
  flags=$(cat "$dir/flags"); up=$((flags & 1))
  most=$(ethtool "$name" 2>/dev/null | sed -n '/Supported link modes/,/Supported pause/p' | grep -oE '[0-9]+base' | tr -d 'base' | sort -n | tail -n 1)
  printf '%s %s %s %s %s %s\\n' "$name" "$mac" "$up" "$(cat "$dir/carrier" 2>/dev/null || echo 0)" \\
    "$(cat "$dir/speed" 2>/dev/null || echo -1)" "\${most:--1}"
done; :`;
const disksScript = `
source=$(findmnt -nvo SOURCE /)
under=" $(lsblk -snro KNAME,TYPE -- "$source" 2>/dev/null | awk '$2 == "disk" { print $1 }' | tr '\\n' ' ')"
lsblk -dnbro KNAME,TYPE,SIZE,ROTA,TRAN,SERIAL | awk '$2 == "disk"' | while read -r kname type size rota rest; do
  system=0; case $under in *" $kname "*) system=1 ;; esac
  nvme=0; case $kname in nvme*) nvme=1 ;; esac
  printf '%s %s %s %s %s\\n' "$size" "$rota" "$nvme" "$system" "$(lsblk -dno SERIAL "/dev/$kname")"
done; :`;
const edacScript = `
ls /sys/devices/system/edac/mc/mc* >/dev/null 2>&1 || exit 0
echo "$(cat /sys/devices/system/edac/mc/mc*/ce_count | paste -sd+ | tr -d ' ') $(cat /sys/devices/system/edac/mc/mc*/ue_count | paste -sd+)"`;
const errorsScript = `
{ journalctl -k -b -q -o cat 2>/dev/null || dmesg; } |
  grep -E '\\[Hardware Error\\]|Machine check events logged|mce: \\[Hardware|Uncorrected error' | head -n 20; :`;
const clockScript = `
if systemctl is-active -q chrony.service || systemctl is-active -q chronyd.service; then
  echo "chrony $(chronyc -c tracking 2>/dev/null)"
elif [ "$(timedatectl show -p NTP --value 2>/dev/null)" = yes ]; then
  echo "systemd-timesyncd $(timedatectl show -p NTPSynchronized --value)"
fi; :`;

const looks = {
  // Those that run: `nproc --all` counts what could be plugged in as well.
  cpus: ['getconf', '_NPROCESSORS_ONLN'],
  cpuinfo: [
    'sh',
    '-c',
    'grep -m1 -E "^model name" /proc/cpuinfo; grep -m1 -oE "\\b(vmx|svm)\\b" /proc/cpuinfo; :',
    'cpu',
  ],
  kvm: ['sh', '-c', ': <>/dev/kvm', 'kvm'],
  meminfo: ['sh', '-c', 'grep -m1 ^MemTotal /proc/meminfo', 'meminfo'],
  modules: ['dmidecode', '-t', '17'],
  array: ['dmidecode', '-t', '16'],
  edac: script('read-edac', edacScript),
  disks: script('read-hardware-disks', disksScript),
  nics: script('read-nics', nicsScript),
  kernel: ['uname', '-r'],
  swap: ['cat', '/proc/swaps'],
  errors: script('read-machine-checks', errorsScript),
  free: ['df', '-B1', '--output=target,avail', '/', '/boot', '/var/lib'],
  cgroup: ['stat', '-fc', '%T', '/sys/fs/cgroup'],
  service: script('read-clock', clockScript),
  clock: ['date', '+%s.%N'],
} as const satisfies Record<string, readonly string[]>;

/** What the class and the inventory ask of a host. */
export function hardwareWanted({ class: wanted, config }: Pick<HostAccess, 'class' | 'config'>): HardwareWanted {
  const { cpus, cpuModels, memoryBytes, eccMemory, disks, nics, kernels } = wanted;
  return {
    ...{ cpus, cpuModels, memoryBytes, eccMemory, disks, nics, kernels },
    serials: config.disks,
    uplinks: config.uplinks.map(({ mac }) => mac),
  };
}

/**
 * Reads what a host is made of in one round trip, and its clock against this worker's in a second, short one. Changes nothing.
 * @throws HOST_ANSWER_UNREADABLE, SSH_FAILED
 */
export async function readHardware(ssh: Ssh, options: { signal?: AbortSignal } = {}): Promise<HardwareFacts> {
  const seen = await look(ssh, looks, options);
  // A connection that has just been used: the way there and back is short, and bounds what is unknown.
  const before = Date.now();
  const startedAt = performance.now();
  const { clock } = await look(ssh, { clock: looks.clock }, options);
  const wayMs = performance.now() - startedAt;
  const [, model = '', flag = ''] = /^model name\s*:\s*(.*)\n?([\s\S]*)$/.exec(seen.cpuinfo.text) ?? [];
  return {
    cpus: count(ssh, 'getconf', seen.cpus),
    cpuModel: model.trim(),
    virtualisation: /vmx|svm/.test(flag || seen.cpuinfo.text),
    kvm: seen.kvm.code === 0,
    memory: memoryOf(ssh, seen.meminfo, seen.modules),
    ...eccOf(seen.array),
    memoryErrors: edacOf(seen.edac),
    disks: disksOf(ssh, seen.disks),
    nics: nicsOf(seen.nics),
    kernel: seen.kernel.text.trim(),
    swap: seen.swap.text
      .split('\n')
      .slice(1)
      .flatMap((line) => line.split(/\s+/)[0] || []),
    machineChecks: seen.errors.text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => line.slice(0, 200)),
    freeBytes: freeOf(seen.free),
    cgroupV2: seen.cgroup.text.trim() === 'cgroup2fs',
    clock: {
      againstWorkerMs: Math.round(Number(clock.text) * 1_000 - (before + wayMs / 2)),
      uncertaintyMs: Math.ceil(wayMs / 2),
      service: serviceOf(seen.service),
    },
  };
}

function memoryOf(ssh: Ssh, meminfo: Seen, { code, text }: Seen): HardwareFacts['memory'] {
  const kib = /MemTotal:\s+(\d+) kB/.exec(meminfo.text)?.[1];
  if (kib === undefined) throw unreadable(ssh, '/proc/meminfo', meminfo);
  const scale = { MB: 2 ** 20, GB: 2 ** 30, TB: 2 ** 40 } as const;
  const modules = [...text.matchAll(/^\s*Size: (\d+) (MB|GB|TB)$/gm)];
  const installed = modules.reduce((sum, [, size, unit]) => sum + Number(size) * scale[unit as keyof typeof scale], 0);
  return { usableBytes: Number(kib) * 1_024, ...(code === 0 && installed > 0 ? { installedBytes: installed } : {}) };
}

function eccOf({ code, text }: Seen): Pick<HardwareFacts, 'ecc'> {
  const types = [...text.matchAll(/Error Correction Type: (.+)/g)].map(([, type]) => type ?? '');
  return code === 0 && types.length > 0 ? { ecc: [...new Set(types)].join(', ') } : {};
}

function edacOf({ text }: Seen): HardwareFacts['memoryErrors'] {
  const [corrected, uncorrected] = text
    .trim()
    .split(' ')
    .map((sum) => sum.split('+').reduce((all, one) => all + Number(one), 0));
  if (text.trim() === '' || corrected === undefined || uncorrected === undefined) return null;
  return { corrected, uncorrected };
}

function disksOf(ssh: Ssh, seen: Seen): HardwareFacts['disks'] {
  if (seen.code !== 0) throw unreadable(ssh, 'lsblk', seen);
  return seen.text.split('\n').flatMap((line) => {
    const [, bytes, rotational, nvme, system, serial] = /^(\d+) ([01]) ([01]) ([01]) (.*)$/.exec(line) ?? [];
    if (bytes === undefined || serial === undefined) return [];
    return [
      {
        ...{ serial: serial.trim(), bytes: Number(bytes) },
        ...{ rotational: rotational === '1', nvme: nvme === '1', system: system === '1' },
      },
    ];
  });
}

function nicsOf({ text }: Seen): NicFacts[] {
  return text.split('\n').flatMap((line): NicFacts[] => {
    const [name, mac, up, carrier, speed, most] = line.split(' ');
    if (!name || !mac) return [];
    const [now, max] = [Number(speed), Number(most)];
    return [
      {
        ...{ name, mac: mac.toLowerCase(), up: up === '1', carrier: carrier === '1' },
        ...(now > 0 && now < 4_294_967_295 ? { speedMbps: now } : {}),
        ...(max > 0 ? { maxMbps: max } : {}),
      },
    ];
  });
}

function freeOf({ text }: Seen): Record<string, number> {
  const lines = text
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/\s+/));
  return Object.fromEntries(lines.flatMap(([target, free]) => (target && free ? [[target, Number(free)]] : [])));
}

/** chronyc's fields: chronyc(1), `tracking`; the fifth is the clock's offset in seconds, the last the leap status. */
function serviceOf({ text }: Seen): HardwareFacts['clock']['service'] {
  const [name = '', said = ''] = text.trim().split(' ', 2);
  if (name === '') return null;
  if (name !== 'chrony') return { name, synchronised: said === 'yes' };
  const fields = text.trim().slice('chrony '.length).split(',');
  const offset = Number(fields[4]);
  const synchronised = fields.length >= 14 && fields.at(-1) !== 'Not synchronised';
  return { name, synchronised, ...(synchronised && Number.isFinite(offset) ? { offsetMs: offset * 1_000 } : {}) };
}

function count(ssh: Ssh, what: string, seen: Seen): number {
  const value = Number(seen.text.trim());
  if (seen.code === 0 && Number.isInteger(value) && value > 0) return value;
  throw unreadable(ssh, what, seen);
}

function unreadable(ssh: Ssh, what: string, { code, text }: Seen): GantryError {
  return new GantryError('HOST_ANSWER_UNREADABLE', `${ssh.where}: ${what}: the answer cannot be read`, {
    evidence: { host: ssh.where, what, exitCode: code, said: text.slice(0, 500) },
  });
}
