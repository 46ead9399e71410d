import { spawnSync } from 'node:child_process';
import type { HostBond, InventoryHost } from '../../../../src/platform/index.ts';
import type { ScriptedHost } from './scripted-host.ts';

export const macs = ['52:54:00:aa:bb:00', '52:54:00:aa:bb:01'] as const;

export const inventory: InventoryHost = {
  ...{ node: 'vm-1', class: 'standard', zone: 'a', rack: 'r1', address: '192.0.2.7', port: 22, user: 'root' },
  ...{ privateKey: { file: '/nowhere' }, hostKey: 'ssh-ed25519 AAAA', disks: ['D1'] },
  uplinks: macs.map((mac) => ({ mac })),
  network: { address: '10.10.0.1/24', gateway: '10.10.0.2', dns: [] },
};

export function bondOf(given: Partial<HostBond>): HostBond {
  return {
    ...{ mode: '802.3ad', name: 'bond0', mtu: 9_000, miimonMs: 100, lacpRate: 'fast' },
    ...{ confirmWithinMs: 90_000, virtualFunctions: 0 },
    ...given,
  };
}

/** As the host's own scripts reckon it. */
export function digestOf({ places }: ScriptedHost): string {
  const script = `cd '${places.networks}' && find . \\( -type f -o -type l \\) -print0 | sort -z | xargs -0 -r sha256sum | sha256sum | cut -c1-64`;
  return spawnSync('/bin/sh', ['-c', script], {
    env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' },
    encoding: 'utf8',
  }).stdout.trim();
}
