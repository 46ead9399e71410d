import type { Control, HardeningClass } from './control.ts';
import { says, unless } from './control.ts';
import { sweepScript, watchScript } from './scripts.ts';

const egress = 'gantry-egress.service';
const egressFile = '/etc/gantry/egress.nft';
const uidFile = '/etc/gantry/vm-uids';

/**
 * `tap*` where the taps are in the host's own network, `vh_*` where each VM has a network namespace and the host sees its veth.
 * In the bridge family too: what a bridge carries is, to the other families, from the bridge.
 */
const egressTable = `table inet gantry_egress
delete table inet gantry_egress
table inet gantry_egress {
  chain from_vms {
    type filter hook prerouting priority raw; policy accept;
    iifname "tap*" ip daddr 169.254.169.254 drop
    iifname "vh_*" ip daddr 169.254.169.254 drop
  }
}
table bridge gantry_egress
delete table bridge gantry_egress
table bridge gantry_egress {
  chain from_vms {
    type filter hook prerouting priority -300; policy accept;
    iifname "tap*" ether type ip ip daddr 169.254.169.254 drop
    iifname "vh_*" ether type ip ip daddr 169.254.169.254 drop
  }
}
`;

const paths = '/srv/jailer /usr/local/bin /usr/local/bin/jailer /usr/local/bin/firecracker';

/** What surrounds the jailer: paths, user ids, what VMs must not reach, what looks after those that hang or are gone. */
export function jailerControls({ hardening }: HardeningClass): readonly Control[] {
  const { first, count } = hardening.vmUids;
  return [
    {
      name: 'egress-filter',
      wanted: 'packets of VMs to the metadata address 169.254.169.254 are dropped, after each boot too',
      source: 'firecracker docs/prod-host-setup.md, "Networking"',
      files: {
        [egressFile]: egressTable,
        [`/etc/systemd/system/${egress}`]: `[Unit]
Description=What VMs must not reach (Gantry)
DefaultDependencies=no
Before=network-pre.target shutdown.target
Wants=network-pre.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=nft -f ${egressFile}

[Install]
WantedBy=multi-user.target
`,
      },
      read: `
for family in inet bridge; do
  for card in tap vh_; do
    if nft list chain "$family" gantry_egress from_vms 2>/dev/null | grep -q "iifname \\"$card\\*\\".* 169.254.169.254 drop"; then
      echo "$family $card drops"
    fi
  done
done
systemctl is-enabled ${egress} 2>/dev/null || :`,
      judge: (lines) => {
        const wanted = ['inet tap drops', 'inet vh_ drops', 'bridge tap drops', 'bridge vh_ drops', 'enabled'];
        const missing = wanted.filter((line) => !says(lines, line));
        return unless(missing.length === 0, `not so: ${missing.join(', ')}`);
      },
      apply: `systemctl daemon-reload && systemctl enable --quiet ${egress} && systemctl restart ${egress}`,
      restore: `
rm -f /etc/systemd/system/multi-user.target.wants/${egress}
systemctl stop ${egress} 2>/dev/null || :
systemctl daemon-reload
nft delete table inet gantry_egress 2>/dev/null || :
nft delete table bridge gantry_egress 2>/dev/null || :`,
    },
    {
      name: 'jailer-paths',
      wanted: '/srv/jailer, the binaries and all their parents belong to root, and no other user may write there',
      source: 'firecracker docs/jailer.md: chroot-base and exec-file, with all parents',
      // What is not there is no flaw, but for /srv/jailer: programs come with the release of metald.
      read: `
for path in ${paths}; do
  at=$path
  while :; do
    if [ -e "$at" ]; then
      stat -L -c '%a %u %n' "$at"
    elif [ "$at" = /srv/jailer ]; then echo "none 0 $at"; fi
    [ "$at" != / ] || break
    at=$(dirname "$at")
  done
done | sort -u`,
      judge: (lines) => {
        const flawed = lines.filter((line) => {
          const [mode = '', owner = ''] = line.split(' ');
          return mode === 'none' || owner !== '0' || (parseInt(mode, 8) & 0o022) !== 0;
        });
        return unless(flawed.length === 0, flawed.join(', '));
      },
      apply: `
mkdir -p -m 0755 /srv/jailer
for path in ${paths}; do
  at=$path
  while [ "$at" != / ]; do
    [ ! -e "$at" ] || { chown -h root:root "$at"; chmod go-w "$at"; }
    at=$(dirname "$at")
  done
done`,
      restore: `
printf '%s\\n' "$1" | while read -r mode owner path; do
  [ -n "$path" ] || continue
  if [ "$mode" = none ]; then rmdir "$path" 2>/dev/null || :
  elif [ -e "$path" ]; then chown "$owner" "$path"; chmod "$mode" "$path"; fi
done`,
    },
    {
      name: 'vm-uids',
      wanted: `the user ids ${first} to ${first + count - 1} are VMs’ alone, one each`,
      source: 'firecracker docs/jailer.md: a unique uid and gid per microVM',
      files: { [uidFile]: `# User and group ids for VMs, one each: first, count. From Gantry.\n${first} ${count}\n` },
      read: `
first=${first} last=${first + count - 1}
getent passwd >/dev/null && getent group >/dev/null || echo '(not readable)'
getent passwd | awk -F: -v a=$first -v b=$last '$3 >= a && $3 <= b { print "user", $1 }'
getent group | awk -F: -v a=$first -v b=$last '$3 >= a && $3 <= b { print "group", $1 }'
cat /etc/subuid /etc/subgid 2>/dev/null | awk -F: -v a=$first -v b=$last 'NF == 3 && $2 <= b && $2 + $3 > a { print "range of", $1 }' | sort -u`,
      judge: (lines) => unless(lines.length === 0, `taken: ${lines.join(', ')}`, 'none'),
    },
    timer(
      'vm-watch',
      'a Firecracker that answers nothing on its API for five minutes is reported',
      'firecracker docs/prod-host-setup.md: an overwatcher. It reports and does not end a VM: that is the decision of metald, its parent',
      watchScript,
      '1min',
    ),
    timer(
      'jail-sweep',
      'jails of VMs that are gone are removed a day later',
      'firecracker docs/jailer.md: the jailer never cleans up; notify_on_release races',
      sweepScript,
      '1h',
    ),
  ];
}

/** A script of Gantry's that a timer of the host starts. */
function timer(name: string, wanted: string, source: string, script: string, every: string): Control {
  const unit = `gantry-${name}`;
  const program = `/usr/local/lib/gantry/${name}`;
  return {
    name,
    wanted,
    source,
    files: {
      [program]: script,
      [`/etc/systemd/system/${unit}.service`]: `[Unit]
Description=${wanted} (Gantry)

[Service]
Type=oneshot
ExecStart=${program}
Nice=10
TimeoutStartSec=10min
`,
      [`/etc/systemd/system/${unit}.timer`]: `[Unit]
Description=${wanted} (Gantry)

[Timer]
OnBootSec=${every}
OnUnitInactiveSec=${every}

[Install]
WantedBy=timers.target
`,
    },
    read: `
systemctl is-enabled ${unit}.timer 2>/dev/null || :
systemctl is-active ${unit}.timer 2>/dev/null || :`,
    judge: ([enabled, active]) =>
      unless(
        enabled === 'enabled' && active === 'active',
        `its timer is ${enabled ?? 'not there'} and ${active ?? 'inactive'}`,
      ),
    apply: `systemctl daemon-reload && systemctl enable --quiet ${unit}.timer && systemctl restart ${unit}.timer`,
    restore: `
rm -f /etc/systemd/system/timers.target.wants/${unit}.timer
systemctl stop ${unit}.timer 2>/dev/null || :
systemctl daemon-reload`,
  };
}
