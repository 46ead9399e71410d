import { shellLine } from '../../../../src/drivers/ssh/index.ts';
import type { Control, HardeningClass } from './control.ts';
import { unless } from './control.ts';

const favor = 'gantry-favordynmods.service';
const favorScript = '/usr/local/lib/gantry/favordynmods';
/** An argument of the kernel: no port of the 8250 driver, ttyS0 among them. */
const noSerialPorts = '8250.nr_uarts=0';
const grubFile = '/etc/default/grub.d/zz-gantry.cfg';

/**
 * Without serial ports a kernel whose every `console=` is one has no /dev/console, and what starts it stops there: initramfs-tools
 * opens it (cloud-init issue 2657). A host that runs without them has shown that it can.
 */
function consoleTakenAway(lines: readonly string[], runsWithout: readonly string[]): string | undefined {
  const consoles = lines.filter((line) => line.startsWith('console='));
  const isSerial = consoles.length > 0 && consoles.every((console) => console.startsWith('console=ttyS'));
  if (!runsWithout.includes(noSerialPorts) || !isSerial) return undefined;
  return `it would not boot: ${noSerialPorts} takes its only console away (${consoles.join(' ')})`;
}

/** The kernel: its command line, memory that is shared or swapped, mitigations, control groups. */
export function kernelControls({ hardening }: HardeningClass): readonly Control[] {
  const wantedArguments = [...hardening.kernelArguments, ...(hardening.smt === 'off' ? ['nosmt=force'] : [])];
  return [
    {
      name: 'cgroup-v2',
      wanted: '/sys/fs/cgroup is the unified hierarchy',
      source: 'firecracker docs/jailer.md: --cgroup-version 2',
      read: 'stat -fc %T /sys/fs/cgroup',
      judge: ([type = 'nothing']) => unless(type === 'cgroup2fs', `/sys/fs/cgroup is ${type}`, 'none'),
    },
    {
      name: 'favordynmods',
      wanted: '/sys/fs/cgroup is mounted with favordynmods, after each boot too',
      source: 'firecracker docs/prod-host-setup.md, "Linux 6.1 boot time regressions"',
      files: {
        // A remount without them would drop nsdelegate and memory_recursiveprot.
        [favorScript]:
          '#!/bin/sh\nset -eu\nexec mount -o "remount,$(findmnt -no FS-OPTIONS /sys/fs/cgroup),favordynmods" /sys/fs/cgroup\n',
        [`/etc/systemd/system/${favor}`]: `[Unit]
Description=Cheap moves between control groups, for VMs (Gantry)
DefaultDependencies=no
After=local-fs.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=${favorScript}

[Install]
WantedBy=sysinit.target
`,
      },
      read: `
case ",$(findmnt -no FS-OPTIONS /sys/fs/cgroup)," in *,favordynmods,*) echo on ;; *) echo off ;; esac
systemctl is-enabled ${favor} 2>/dev/null || :`,
      judge: ([now, unit]) =>
        unless(now === 'on' && unit === 'enabled', `favordynmods is ${now ?? 'off'}, its unit ${unit ?? 'not there'}`),
      apply: `systemctl daemon-reload && systemctl enable --quiet ${favor} && systemctl restart ${favor}`,
      restore: `
rm -f /etc/systemd/system/sysinit.target.wants/${favor}
systemctl daemon-reload
case "$1" in on*) ;; *)
  rest=$(findmnt -no FS-OPTIONS /sys/fs/cgroup | tr , '\\n' | grep -vx favordynmods | paste -sd, -)
  mount -o "remount,$rest" /sys/fs/cgroup ;;
esac`,
    },
    {
      name: 'kernel-arguments',
      wanted: `the kernel runs with ${wantedArguments.join(' ')}`,
      source: 'firecracker docs/prod-host-setup.md (SMT, log noise, 8250.nr_uarts)',
      files: {
        [grubFile]: `GRUB_CMDLINE_LINUX_DEFAULT="$GRUB_CMDLINE_LINUX_DEFAULT ${wantedArguments.join(' ')}"\n`,
      },
      read: `
now=" $(cat /proc/cmdline) "
tr ' ' '\\n' </proc/cmdline | grep '^console=' || :
for a in ${shellLine(wantedArguments)}; do
  case "$now" in *" $a "*) echo "runs-with $a" ;; *) echo "runs-without $a" ;; esac
  if grep -E '^[[:space:]]*linux' /boot/grub/grub.cfg 2>/dev/null | head -n 1 | tr ' \\t' '\\n\\n' | grep -qxF -e "$a"; then
    echo "boots-with $a"; else echo "boots-without $a"; fi
done`,
      judge: (lines) => {
        const of = (what: string): string[] =>
          lines.filter((line) => line.startsWith(`${what} `)).map((line) => line.slice(what.length + 1));
        const blind = consoleTakenAway(lines, of('runs-without'));
        if (blind !== undefined) return { what: blind, cure: 'none' };
        const unset = of('boots-without');
        if (unset.length > 0) return { what: `the boot loader does not give ${unset.join(' ')}`, cure: 'apply' };
        const missing = of('runs-without');
        return unless(missing.length === 0, `the kernel runs without ${missing.join(' ')}`, 'reboot');
      },
      // It looks at every disk; a second one beside it would write the same file.
      long: true,
      apply: 'update-grub 2>&1',
      restore: 'update-grub 2>&1',
    },
    {
      name: 'smt',
      wanted: hardening.smt === 'off' ? 'SMT is off and cannot be switched on' : 'SMT may be on',
      source: 'firecracker docs/prod-host-setup.md, "Disable Simultaneous Multithreading"',
      read: 'cat /sys/devices/system/cpu/smt/control 2>/dev/null || echo notimplemented',
      judge: ([now = '']) =>
        hardening.smt === 'on'
          ? undefined
          : unless(['forceoff', 'notsupported', 'notimplemented'].includes(now), `SMT is ${now}`, 'reboot'),
    },
    {
      name: 'ksm',
      wanted: 'the kernel merges no pages of different VMs',
      source: 'firecracker docs/prod-host-setup.md, "Disable Kernel Same-page Merging"',
      files: { '/etc/tmpfiles.d/gantry-ksm.conf': 'w /sys/kernel/mm/ksm/run - - - - 0\n' },
      read: 'cat /sys/kernel/mm/ksm/run 2>/dev/null || echo none',
      judge: ([now = 'none']) => unless(now === '0' || now === 'none', `ksm/run is ${now}`),
      // 2 takes the merged pages apart before it stops.
      apply:
        'if [ "$(cat /sys/kernel/mm/ksm/run)" = 1 ]; then echo 2 >/sys/kernel/mm/ksm/run; fi; echo 0 >/sys/kernel/mm/ksm/run',
      restore: 'case "$1" in [012]) echo "$1" >/sys/kernel/mm/ksm/run ;; esac',
    },
    {
      name: 'swap',
      wanted: 'nothing is swapped to',
      source: 'firecracker docs/prod-host-setup.md, "Disable swapping to disk"',
      read: `
systemctl list-units --type=swap --state=active --plain --no-legend | awk '{ print "unit", $1 }' | sort
[ ! -e /proc/swaps ] || awk 'NR > 1 { print "swap", $1 }' /proc/swaps | sort`,
      judge: (lines) => unless(!lines.some((line) => line.startsWith('swap ')), lines.join(', ')),
      // Masked: a line in fstab makes its unit again at each boot.
      apply: `
systemctl list-units --type=swap --state=active --plain --no-legend | awk '{ print $1 }' | while read -r unit; do
  systemctl stop "$unit" && systemctl mask --quiet "$unit"
done
swapoff -a`,
      restore: `
printf '%s\\n' "$1" | sed -n 's/^unit //p' | while read -r unit; do systemctl unmask --quiet "$unit"; systemctl start "$unit"; done
printf '%s\\n' "$1" | sed -n 's/^swap //p' | while read -r device; do grep -q "^$device " /proc/swaps || swapon "$device"; done`,
    },
    {
      name: 'cpu-vulnerabilities',
      wanted:
        hardening.acceptedVulnerabilities.length === 0
          ? 'the kernel calls the CPU vulnerable to nothing'
          : `the kernel calls the CPU vulnerable to nothing but ${hardening.acceptedVulnerabilities.join(', ')}, which the platform file accepts`,
      source: 'firecracker docs/prod-host-setup.md; Documentation/admin-guide/hw-vuln of the kernel',
      read: 'cd /sys/devices/system/cpu/vulnerabilities && { grep -l Vulnerable -- * || :; } | sort || echo "(not readable)"',
      judge: (lines) => {
        const open = lines.filter((line) => !hardening.acceptedVulnerabilities.includes(line));
        return unless(open.length === 0, `vulnerable: ${open.join(', ')}`, 'none');
      },
    },
  ];
}
