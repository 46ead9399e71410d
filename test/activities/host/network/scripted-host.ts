import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkPlaces } from '../../../../activities/host/network/spec.ts';
import type { Windows } from '../../../../activities/host/network/window.ts';
import { windowsAt } from '../../../../activities/host/network/window.ts';
import type { RemoteEnd, Ssh } from '../../../../src/drivers/ssh/index.ts';
import { GantryError } from '../../../../src/errors/index.ts';
import { labFolder } from '../../../support/lab.ts';

/** A host whose scripts really run, under /bin/sh in a folder; systemd, systemd-networkd and the kernel's links are played. */
export type ScriptedHost = {
  root: string;
  places: NetworkPlaces;
  windows: Windows;
  ssh: Ssh;
  /** Cut off from the worker. */
  reachable: (whether: boolean) => void;
  /** Commands that the played programs were given, in order: `networkctl reload`. */
  calls: () => string[];
  forgetCalls: () => void;
  /** The time of a timer is over: what it starts runs to its end. */
  fire: (timer: string) => void;
  /** The power was cut: timers and links are gone, what is enabled for the boot runs, then systemd-networkd. */
  boot: () => void;
  timers: () => string[];
  /** Of the folder of systemd-networkd. */
  files: () => string[];
  addresses: (link: string) => string;
  masterOf: (card: string) => string | undefined;
  /** Whether addresses of cards come back; a host on which they do not reboots. */
  breakAddresses: (whether: boolean) => void;
};

export const cards = ['enp0s3', 'enp0s4'] as const;
const formerFile = '20-plain.network';
const former = '[Match]\nName=enp0s3\n\n[Network]\nAddress=10.9.0.7/24\n';

export function scriptHost(): ScriptedHost {
  const root = labFolder();
  const at = (...path: string[]): string => join(root, ...path);
  const places: NetworkPlaces = {
    ...{ base: at('var'), networks: at('networks'), rules: at('rules'), units: at('units'), sys: at('sys') },
  };
  for (const dir of ['networks', 'rules', 'units', 'bin', 'timers', 'running', 'addresses', 'sys/class/net'])
    mkdirSync(at(dir), { recursive: true });
  writeFileSync(join(places.networks, formerFile), former);
  for (const card of cards) {
    mkdirSync(join(places.sys, 'class/net', card, 'device'), { recursive: true });
    writeFileSync(join(places.sys, 'class/net', card, 'flags'), '0x1003\n');
    writeFileSync(join(places.sys, 'class/net', card, 'mtu'), '1500\n');
  }
  writeFileSync(at('calls'), '');
  for (const [name, text] of Object.entries(programs)) {
    writeFileSync(at('bin', name), `#!/bin/sh\nROOT='${root}'\n${text}`);
    chmodSync(at('bin', name), 0o755);
  }
  const path = `${at('bin')}:/usr/sbin:/usr/bin:/sbin:/bin`;
  const sh = (command: string): void => {
    const { status, stderr } = spawnSync('/bin/sh', ['-c', command], { env: { PATH: path }, encoding: 'utf8' });
    if (status !== 0) throw new Error(`"${command}" gave ${String(status)}: ${stderr}`);
  };
  sh('networkctl reload');
  writeFileSync(at('calls'), '');
  let connected = true;
  const ssh: Ssh = {
    where: 'root@played:22',
    run: (argv) =>
      new Promise<RemoteEnd>((resolve, reject) => {
        if (!connected) return reject(new GantryError('SSH_FAILED', 'played: no route'));
        const [command = '', ...rest] = argv;
        execFile(command, rest, { env: { PATH: path } }, (error, stdout, stderr) => {
          if (!connected) return reject(new GantryError('SSH_FAILED', 'played: lost'));
          const code = error ? Number(error.code ?? 1) : 0;
          resolve({ code, stdout, stderr, ms: 1, truncated: false });
        });
      }),
  };
  const masterOf = (card: string): string | undefined =>
    existsSync(join(places.sys, 'class/net', card, 'master')) ? readFileSync(at('masters', card), 'utf8') : undefined;
  return {
    ...{ root, places, ssh, masterOf },
    windows: windowsAt(places, { PATH: path }),
    reachable: (whether) => void (connected = whether),
    calls: () => readFileSync(at('calls'), 'utf8').split('\n').filter(Boolean),
    forgetCalls: () => writeFileSync(at('calls'), ''),
    fire: (timer) => sh(`fire '${timer}'`),
    boot: () => sh('boot'),
    timers: () => readdirSync(at('timers')),
    files: () => readdirSync(places.networks).sort(),
    addresses: (link) => (existsSync(at('addresses', link)) ? readFileSync(at('addresses', link), 'utf8').trim() : ''),
    breakAddresses: (whether) => {
      if (whether) writeFileSync(at('no-addresses'), '');
      else sh(`rm -f '${at('no-addresses')}'`);
    },
  };
}

/** For a test that wants a bond that was there before, with other values. */
export function formerBond({ places, root }: ScriptedHost): void {
  writeFileSync(join(places.networks, '20-bond0.netdev'), '[NetDev]\nName=bond0\nKind=bond\n');
  writeFileSync(join(places.networks, '20-bond0.network'), '[Match]\nName=bond0\n\n[Network]\nAddress=10.9.0.9/24\n');
  spawnSync('/bin/sh', [join(root, 'bin/networkctl'), 'reload']);
}

/** A card that can have virtual functions. */
export function withFunctions({ places }: ScriptedHost, card: string, now: number): { now: () => number } {
  const file = join(places.sys, 'class/net', card, 'device/sriov_numvfs');
  writeFileSync(file, `${now}\n`);
  return { now: () => Number(readFileSync(file, 'utf8')) };
}

const log = 'echo "$(basename "$0") $*" >>"$ROOT/calls"\n';
/** systemd-networkd makes a device that is not there, and leaves one that is (systemd#36406). */
const networkd = `
net=$ROOT/sys/class/net
follow() {
  rm -f "$ROOT"/addresses/*
  mkdir -p "$ROOT/masters"
  if grep -qsx Name=bond0 "$ROOT"/networks/*.netdev; then
    mkdir -p "$net/bond0/bonding"
    [ -e "$net/bond0/made" ] || grep -lsx Name=bond0 "$ROOT"/networks/*.netdev | head -1 | xargs -n1 basename >"$net/bond0/made"
    for card in enp0s3 enp0s4; do ln -sfn "$net/bond0" "$net/$card/master"; printf bond0 >"$ROOT/masters/$card"; done
  fi
  [ -e "$ROOT/no-addresses" ] && return
  for file in $(ls "$ROOT/networks" | grep network$); do
    name=$(sed -n 's/^Name=//p' "$ROOT/networks/$file")
    [ -n "$name" ] || continue
    [ ! -e "$net/$name/master" ] || continue
    [ -e "$net/$name" ] && [ ! -e "$ROOT/addresses/$name" ] || continue
    sed -n "s|^Address=|3: $name    inet |p" "$ROOT/networks/$file" | sed 's/$/ scope global/' >"$ROOT/addresses/$name"
  done
}
`;
const programs: Readonly<Record<string, string>> = {
  sleep: 'exec /bin/sleep 0.01\n',
  networkctl: `${log}${networkd}[ "$1" = reload ] && follow; exit 0\n`,
  ip: `${log}net=$ROOT/sys/class/net
case "$*" in
  '-o addr show dev '*) cat "$ROOT/addresses/$5" 2>/dev/null || exit 1 ;;
  'link delete '*) rm -rf "$net/$3" "$net"/*/master "$ROOT"/masters "$ROOT/addresses/$3" ;;
  'route show'*) ;;
esac
exit 0
`,
  systemctl: `${log}${networkd}
case $1 in
  is-active) for last; do :; done; [ -e "$ROOT/timers/$last" ] || [ -e "$ROOT/running/$last" ] ;;
  show) for last; do :; done; if [ -e "$ROOT/timers/$last" ] || [ -e "$ROOT/running/$last" ]; then echo active; else echo inactive; fi ;;
  stop) rm -f "$ROOT/timers/$2" ;;
  restart) follow ;;
esac
`,
  'systemd-run': `${log}unit= timer=
while :; do
  case $1 in
    --unit=*) unit=\${1#--unit=} ;;
    --on-active=*) timer=yes ;;
    --*) ;;
    *) break ;;
  esac
  shift
done
if [ -n "$timer" ]; then
  { for word; do printf '%s\\n' "$word"; done; } >"$ROOT/timers/$unit.timer"
else
  { : >"$ROOT/running/$unit.service"; "$@"; rm -f "$ROOT/running/$unit.service"; } >>"$ROOT/journal" 2>&1 </dev/null &
fi
`,
  fire: `timer=$1
[ -e "$ROOT/timers/$timer" ] || exit 0
mv "$ROOT/timers/$timer" "$ROOT/fired"
: >"$ROOT/running/\${timer%.timer}.service"
xargs -d '\\n' sh -c '"$@"' sh <"$ROOT/fired"
rm -f "$ROOT/running/\${timer%.timer}.service"
`,
  boot: `${networkd}
rm -rf "$ROOT"/timers/* "$ROOT"/running/* "$net/bond0" "$net"/*/master "$ROOT"/masters "$ROOT"/addresses/*
for unit in "$ROOT"/units/sysinit.target.wants/*; do
  [ -e "$unit" ] || continue
  sh -c "$(sed -n 's/^ExecStart=//p' "$unit")"
done
follow
`,
};
