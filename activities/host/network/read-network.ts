import { readFileSync } from 'node:fs';
import { z } from 'zod';
import type { Ssh } from '../../../src/drivers/ssh/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { script } from '../access/script.ts';
import type { BondState } from './bonding.ts';
import { readBonding } from './bonding.ts';
import type { NetworkPlaces, NetworkSpec } from './spec.ts';
import { ownFiles } from './spec.ts';
import type { WindowStatus } from './window-status.ts';
import { readStatus } from './window-status.ts';

/** One card of the host. */
export type CardState = {
  name: string;
  /** The one that it was made with, whatever it shows as a member of a bond. */
  mac: string;
  master?: string;
  mtu: number;
  /** Whether it is switched on; without that it has no carrier to speak of. */
  up: boolean;
  carrier: boolean;
  /** Unknown without a carrier. */
  speedMbps?: number;
  totalFunctions: number;
  functions: number;
};

/** The network of a host as it is now. */
export type NetworkState = {
  networkd: boolean;
  /** What else manages networks there and runs. */
  others: readonly string[];
  cards: readonly CardState[];
  /** `<interface> <address>/<prefix>` of every static global address. */
  addresses: readonly string[];
  /** `<gateway> <interface>`. */
  defaultRoutes: readonly string[];
  bond?: BondState & { mtu: number };
  /** Of Gantry's files that are there: name → SHA-256. */
  files: Readonly<Record<string, string>>;
  /** Of all that systemd-networkd reads in the host's own folder. */
  filesDigest: string;
  /** What was committed last: the digest of its spec and its window. */
  committed?: { digest: string; window: string };
  /** The window that has not ended. */
  window?: WindowStatus;
  /** The host's own address that this very look came in by, and the interface that has it. */
  reachedAt?: { address: string; interface: string };
};

const lookScript = readFileSync(new URL('look.sh', import.meta.url), 'utf8');
const lookMs = 60_000;

const linksShape = z.array(
  z.looseObject({
    ifname: z.string(),
    address: z.string().optional(),
    permaddr: z.string().optional(),
    master: z.string().optional(),
    mtu: z.number(),
    flags: z.array(z.string()),
  }),
);
const addressesShape = z.array(
  z.looseObject({
    ifname: z.string().optional(),
    addr_info: z
      .array(
        z.looseObject({
          local: z.string().optional(),
          prefixlen: z.number().optional(),
          scope: z.string().optional(),
          dynamic: z.boolean().optional(),
        }),
      )
      .default([]),
  }),
);
const routesShape = z.array(z.looseObject({ gateway: z.string().optional(), dev: z.string() }));

/** @throws SSH_FAILED; HOST_NETWORK_REFUSED for an answer that cannot be read: it counts as none */
export async function readNetwork(
  ssh: Ssh,
  { bond }: Pick<NetworkSpec, 'bond'>,
  places: NetworkPlaces,
  options: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<NetworkState> {
  const { timeoutMs = lookMs, signal } = options;
  const argv = script('look-network', lookScript, places.base, places.networks, places.rules, bond.name, ...ownFiles);
  const { stdout, truncated } = await ssh.run(argv, {
    timeoutMs,
    outputLimit: 512 * 1024,
    ...(signal ? { signal } : {}),
  });
  try {
    if (truncated) throw new Error('more than 512 KiB');
    return parseNetwork(stdout, bond.name);
  } catch (error) {
    throw new GantryError('HOST_NETWORK_REFUSED', `${ssh.where}: its network cannot be read: ${String(error)}`, {
      evidence: { said: stdout.slice(0, 2_000) },
    });
  }
}

/** What look.sh printed → the state. Pure. @throws what does not have its shape */
export function parseNetwork(text: string, bondName: string): NetworkState {
  const of = sections(text);
  const section = (name: string): string => {
    const found = of.get(name);
    if (found === undefined) throw new Error(`no section "${name}"`);
    return found;
  };
  section('end');
  const links = linksShape.parse(JSON.parse(section('links') || '[]'));
  const bonding = section('bonding');
  const bond = bonding === '' ? undefined : readBonding(bonding, bondName);
  const [digest, window] = section('current').split(' ');
  const addresses = addressesShape
    .parse(JSON.parse(section('addresses') || '[]'))
    .flatMap((link) => link.addr_info.map((one) => ({ ...one, interface: link.ifname ?? '' })));
  const [, , server] = section('connection').split(' ');
  const entry = addresses.find(({ local }) => local !== undefined && local === server);
  return {
    networkd: section('networkd') === 'active',
    others: ['NetworkManager', 'networking'].filter((_, at) => section('others').split('\n')[at] === 'active'),
    cards: lines(section('cards')).map((line) => {
      const [name = '', carrier, speed, total, functions] = line.split(' ');
      const link = links.find(({ ifname }) => ifname === name);
      if (!link) throw new Error(`the card ${name} is no interface`);
      return {
        ...{ name, mac: (link.permaddr ?? link.address ?? '').toLowerCase(), mtu: link.mtu },
        up: link.flags.includes('UP'),
        carrier: carrier === '1',
        ...(link.master === undefined ? {} : { master: link.master }),
        ...(Number(speed) > 0 ? { speedMbps: Number(speed) } : {}),
        ...{ totalFunctions: Number(total), functions: Number(functions) },
      };
    }),
    addresses: addresses
      .filter(({ scope, dynamic, local }) => scope === 'global' && dynamic !== true && local !== undefined)
      .map(({ local, prefixlen, interface: at }) => `${at} ${local ?? ''}/${prefixlen ?? ''}`)
      .sort(),
    defaultRoutes: routesShape
      .parse(JSON.parse(section('routes') || '[]'))
      .map(({ gateway, dev }) => `${gateway ?? '-'} ${dev}`)
      .sort(),
    ...(bond ? { bond: { ...bond, mtu: links.find(({ ifname }) => ifname === bond.name)?.mtu ?? 0 } } : {}),
    files: Object.fromEntries(lines(section('files')).map((line) => line.split(' ') as [string, string])),
    filesDigest: section('digest'),
    ...(digest && window ? { committed: { digest, window } } : {}),
    ...(section('window') === '' ? {} : { window: readStatus(section('window')) }),
    ...(entry && server ? { reachedAt: { address: server, interface: entry.interface } } : {}),
  };
}

function sections(text: string): Map<string, string> {
  const found = new Map<string, string>();
  let name: string | undefined;
  let held: string[] = [];
  const keep = (): void => {
    if (name !== undefined) found.set(name, held.join('\n').trim());
  };
  for (const line of text.split('\n')) {
    const heading = /^== ([a-z]+)$/.exec(line)?.[1];
    if (heading === undefined) held.push(line);
    else {
      keep();
      [name, held] = [heading, []];
    }
  }
  keep();
  return found;
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
