import { controlsOf } from '../../activities/host/system/controls/index.ts';
import type { PlayedHost } from './played-host.ts';

/** What a look at a control prints on a host where it conforms; the boot loader has given its arguments to the running kernel. */
const conforming: Readonly<Record<string, string>> = {
  'cgroup-v2': 'cgroup2fs',
  favordynmods: 'on\nenabled',
  smt: 'forceoff',
  ksm: '0',
  swap: '',
  'cpu-vulnerabilities': '',
  'kvm-access': 'module kvm\nmodule kvm_amd\nmodule tun\nmodule vhost_vsock\ndevice 660 root:kvm',
  'nx-huge-pages': 'unaffected\nis never\nboots-with never',
  'kvm-timer-period': '100',
  'egress-filter': 'inet tap drops\ninet vh_ drops\nbridge tap drops\nbridge vh_ drops\nenabled',
  'jailer-paths': '755 0 /\n755 0 /srv\n755 0 /srv/jailer',
  'vm-uids': '',
  'vm-watch': 'enabled\nactive',
  'jail-sweep': 'enabled\nactive',
};

/** The same on a host as an installer leaves it. */
const bare: Readonly<Record<string, string>> = {
  ...conforming,
  favordynmods: 'off',
  ksm: '1',
  swap: 'unit dev-sda2.swap\nswap /dev/sda2',
  smt: 'on',
  'kvm-access': 'module kvm\nmodule kvm_amd\ndevice 666 root:kvm',
  'nx-huge-pages': 'unaffected\nis N',
  'kvm-timer-period': '200',
  'egress-filter': '',
  'jailer-paths': '755 0 /\n755 0 /srv\nnone 0 /srv/jailer',
  'vm-watch': '',
  'jail-sweep': '',
};

export type PlayedSystem = {
  /** What the look at each control prints now. */
  readonly found: Map<string, string>;
  /** Signs of VMs that run. */
  vms: string[];
  /** Whether a reboot takes what the boot loader gives. */
  bootsWell: boolean;
};

const boot = '/proc/sys/kernel/random/boot_id';

/** Plays the operating system of a host: its controls, its VMs, its boots. Every `apply` of a control has the outcome that it is for. */
export function playSystem(host: PlayedHost, start: 'bare' | 'conforming' = 'bare'): PlayedSystem {
  const controls = controlsOf(host.access.class);
  const wanted = [...host.access.class.hardening.kernelArguments, 'nosmt=force'];
  const kernel = (runs: boolean, boots: boolean): string =>
    wanted
      .flatMap((word) => [`runs-${runs ? 'with' : 'without'} ${word}`, `boots-${boots ? 'with' : 'without'} ${word}`])
      .join('\n');
  const isBare = start === 'bare';
  const system: PlayedSystem = {
    found: new Map([...Object.entries(isBare ? bare : conforming), ['kernel-arguments', kernel(!isBare, !isBare)]]),
    vms: [],
    bootsWell: true,
  };
  if (!isBare) {
    for (const { files = {} } of controls) for (const [path, text] of Object.entries(files)) host.files.set(path, text);
    host.files.set('/etc/modprobe.d/gantry-kvm-nx.conf', 'options kvm nx_huge_pages=never\n');
  }
  const said = (text: string, code = 0): string => Buffer.from(`${text}\nrc ${code}\n`).toString('base64');
  host.play({
    'read-controls': ([, ...looks]) => {
      const lines = [];
      for (let at = 0; at < looks.length; at += 2) {
        const [kind, name = ''] = (looks[at] ?? '').split(/:(.*)/s);
        const file = host.files.get(name);
        const look =
          kind === 'control'
            ? said(`${system.found.get(name) ?? ''}\n`)
            : file === undefined
              ? said('', 44)
              : said(file);
        lines.push(`${String(looks[at])} ${look}`);
      }
      return `${lines.join('\n')}\nend\n`;
    },
    'running-vms': () => [...system.vms, 'end'].join('\n'),
    'read-boot': ([mark = '']) => `${host.files.get(boot) ?? ''}${host.files.get(mark) ?? ''}`,
    'is-back': () => `${host.files.get(boot) ?? ''}running\n`,
    reboot: ([folder = '', name = '']) => {
      const mark = `${folder}/${name}`;
      const now = host.files.get(boot)?.trim() ?? '';
      if (host.files.has(mark) && host.files.get(mark) !== now) return 'rebooted before\n';
      if (system.vms.length > 0) return { code: 9, stderr: `VMs run: ${system.vms.join(' ')}` };
      host.files.set(mark, now);
      host.files.set(boot, `${now.slice(0, -4)}${String(Number(now.slice(-4)) + 1).padStart(4, '0')}\n`);
      if (system.bootsWell && system.found.get('kernel-arguments') === kernel(false, true)) {
        system.found.set('kernel-arguments', kernel(true, true));
        system.found.set('smt', 'forceoff');
      }
      return '';
    },
    ...Object.fromEntries(
      controls.flatMap(({ name }) => [
        [
          `apply-${name}`,
          () => {
            if (name === 'nx-huge-pages')
              host.files.set('/etc/modprobe.d/gantry-kvm-nx.conf', 'options kvm nx_huge_pages=never\n');
            system.found.set(name, name === 'kernel-arguments' ? kernel(false, true) : (conforming[name] ?? ''));
            return '';
          },
        ],
        [
          `restore-${name}`,
          ([former = '']: readonly string[]) => {
            system.found.set(name, former);
            return '';
          },
        ],
      ]),
    ),
  });
  return system;
}
