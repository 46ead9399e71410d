import type { Control } from './control.ts';
import { says, unless } from './control.ts';

const parameters = '/sys/module/kvm/parameters';
const nxFile = '/etc/modprobe.d/gantry-kvm-nx.conf';
/** Kernel's default 200: a lower floor costs the kvm-pit thread of each VM less. Microseconds. */
const timerPeriodUs = 100;

/** KVM: its modules, who may use it, and two parameters that every start of a VM pays for. */
export const kvmControls: readonly Control[] = [
  {
    name: 'kvm-access',
    wanted: 'kvm, tun and vhost_vsock are loaded at boot; /dev/kvm is for root and the group kvm alone',
    source: 'firecracker docs/prod-host-setup.md; systemd.udev gives /dev/kvm to all where nothing says otherwise',
    files: {
      '/etc/modules-load.d/gantry.conf': 'kvm\ntun\nvhost_vsock\n',
      '/etc/udev/rules.d/99-gantry-kvm.rules': 'KERNEL=="kvm", GROUP="kvm", MODE="0660"\n',
    },
    read: `
for m in kvm kvm_intel kvm_amd tun vhost_vsock; do
  if [ -e "/sys/module/$m" ] || grep -q "/$m\\.ko" "/lib/modules/$(uname -r)/modules.builtin" 2>/dev/null; then echo "module $m"; fi
done
stat -c 'device %a %U:%G' /dev/kvm 2>/dev/null || echo 'device none'`,
    judge: (lines) => {
      const missing = ['kvm', 'tun', 'vhost_vsock'].filter((module) => !says(lines, `module ${module}`));
      if (missing.length > 0) return { what: `not loaded: ${missing.join(', ')}`, cure: 'apply' };
      if (!says(lines, 'module kvm_intel') && !says(lines, 'module kvm_amd')) {
        return { what: 'neither kvm_intel nor kvm_amd is loaded', cure: 'apply' };
      }
      const device = lines.find((line) => line.startsWith('device ')) ?? 'device none';
      return unless(/^device 6[06]0 root:/.test(device), `/dev/kvm: ${device.slice(7)}`);
    },
    apply: `
modprobe -a kvm tun vhost_vsock
modprobe kvm_intel 2>/dev/null || modprobe kvm_amd
udevadm control --reload
udevadm trigger --action=change --name-match=/dev/kvm
udevadm settle --timeout=20`,
    restore: `
udevadm control --reload
udevadm trigger --action=change --name-match=/dev/kvm || :
for m in vhost_vsock tun; do
  case "$1" in *"module $m"*) ;; *) modprobe -r "$m" 2>/dev/null || : ;; esac
done`,
  },
  {
    name: 'nx-huge-pages',
    wanted:
      'on a CPU that iTLB multihit does not affect, kvm.nx_huge_pages=never (off before 5.15.129, 6.1.52); elsewhere left on',
    source:
      'firecracker docs/prod-host-setup.md, "Linux 6.1 boot time regressions"; kernel 0b210faf3373 and its backports',
    writes: [nxFile],
    read: `
case "$(cat /sys/devices/system/cpu/vulnerabilities/itlb_multihit 2>/dev/null)" in 'Not affected') echo unaffected ;; *) echo affected ;; esac
echo "is $(cat ${parameters}/nx_huge_pages 2>/dev/null || echo unknown)"
sed -n 's/^options kvm nx_huge_pages=/boots-with /p' ${nxFile} 2>/dev/null || :`,
    judge: (lines) => {
      const now = lines.find((line) => line.startsWith('is '))?.slice(3) ?? 'unknown';
      if (says(lines, 'affected')) return unless(now === 'Y', `nx_huge_pages is ${now} on an affected CPU`);
      const asked = lines.find((line) => line.startsWith('boots-with '))?.slice(11) ?? 'nothing';
      const ok = (now === 'never' && asked === 'never') || (now === 'N' && asked === 'off');
      return unless(ok, `nx_huge_pages is ${now}, and ${asked} at the next boot`);
    },
    // `never` can be had while no VM was made; a kernel that does not know it refuses it, and so would its module.
    apply: `
p=${parameters}/nx_huge_pages
if [ "$(cat /sys/devices/system/cpu/vulnerabilities/itlb_multihit)" != 'Not affected' ]; then
  rm -f ${nxFile}; echo auto >"$p"; exit 0
fi
if [ "$(cat "$p")" = never ] || echo never >"$p" 2>/dev/null; then v=never; else v=off; echo off >"$p"; fi
echo "options kvm nx_huge_pages=$v" >${nxFile}.new
mv ${nxFile}.new ${nxFile}`,
    // A kernel does not go back from `never` before its next start.
    restore: `
v=$(printf '%s\\n' "$1" | sed -n 's/^is //p')
case $v in Y) echo force >${parameters}/nx_huge_pages 2>/dev/null || : ;; N) echo off >${parameters}/nx_huge_pages 2>/dev/null || : ;; esac`,
  },
  {
    name: 'kvm-timer-period',
    wanted: `kvm.min_timer_period_us is ${timerPeriodUs}`,
    source: 'firecracker docs/prod-host-setup.md, "Reducing kvm-pit overhead"',
    files: { '/etc/modprobe.d/gantry-kvm-timer.conf': `options kvm min_timer_period_us=${timerPeriodUs}\n` },
    read: `cat ${parameters}/min_timer_period_us 2>/dev/null || echo unknown`,
    judge: ([now = 'unknown']) => unless(now === String(timerPeriodUs), `min_timer_period_us is ${now}`),
    apply: `echo ${timerPeriodUs} >${parameters}/min_timer_period_us`,
    restore: `case "$1" in *[!0-9]*|'') ;; *) echo "$1" >${parameters}/min_timer_period_us ;; esac`,
  },
];
