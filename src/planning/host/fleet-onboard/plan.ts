import type { DraftOf, FleetOnboardData, ListItem } from '../../../runs/index.ts';
import type { Finding } from '../types.ts';

/** A host of the pool, as the inventory has it. */
export type FleetHost = { serial: string; node: string; rack: string; link?: string };

/** What the input and the platform file want. */
export type FleetIntent = {
  zone: string;
  class: string;
  serials?: readonly string[];
  window: number;
  maxFailures: number;
  perRack: number;
  perLink: number;
  /** How long one host takes. Milliseconds. */
  hostMs: number;
};

/** `items`: the list, still to be stored. */
export type FleetPlanning =
  | {
      ok: true;
      items: readonly ListItem[];
      draft: Omit<DraftOf<'host.fleet-onboard', FleetOnboardData>, 'data'>;
      data: Omit<FleetOnboardData, 'hosts'>;
    }
  | { ok: false; findings: readonly Finding[] };

/** Hosts that the plan names one by one; the list itself has all. */
const shownHosts = 40;

/**
 * The hosts of a pool → their order, the limits and how long it takes. Pure. They start rack by rack in turn, so that a limit
 * per rack holds none of the others up. Runbook: docs/host/fleet-onboard.md.
 */
export function planFleetOnboard(intent: FleetIntent, pool: readonly FleetHost[]): FleetPlanning {
  const { zone, serials, window, maxFailures, perRack, perLink } = intent;
  const of = `${zone}, class ${intent.class}`;
  const wanted = new Set(serials);
  const known = new Set(pool.map(({ serial }) => serial));
  const missing = [...wanted].filter((serial) => !known.has(serial));
  if (pool.length === 0)
    return failed([{ code: 'HOST_POOL_EMPTY', message: `the inventory has no host of ${of}`, place: 'zone' }]);
  if (missing.length > 0) return failed(missing.map((serial) => notInPool(serial, of)));
  const hosts = inTurn(serials ? pool.filter(({ serial }) => wanted.has(serial)) : pool);
  const durationMs = durationOf(hosts, intent);
  const racks = new Set(hosts.map(({ rack }) => rack)).size;
  const links = new Set(hosts.flatMap(({ link }) => link ?? [])).size;
  const more = hosts.length - shownHosts;
  return {
    ok: true,
    items: hosts.map(itemOf),
    data: { zone, class: intent.class, window, maxFailures, limits: { rack: perRack, link: perLink } },
    draft: {
      title: `Take ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'} of ${of} in, ${Math.min(window, hosts.length)} at once`,
      actions: [
        ...hosts.slice(0, shownHosts).map((host, at) => ({
          step: 'host.onboard' as const,
          what: `${at + 1}. ${host.serial} as ${host.node}, rack ${host.rack}${host.link ? `, link ${host.link}` : ''}`,
          reversible: false,
          estimateMs: intent.hostMs,
        })),
        ...(more > 0 ? [{ step: 'host.onboard' as const, what: `and ${more} more hosts`, reversible: false }] : []),
      ],
      facts: [
        { label: 'hosts', value: `${hosts.length} in ${racks} racks${links > 0 ? `, on ${links} links` : ''}` },
        { label: 'at once', value: `${window}, ${perRack} of a rack, ${perLink} on a link` },
        { label: 'failures', value: `after more than ${maxFailures} no further host is started` },
        { label: 'one host', value: `about ${minutes(intent.hostMs)}` },
        { label: 'all together', value: `about ${minutes(durationMs)}` },
      ],
      warnings: slowest(hosts, intent, durationMs),
      irreversible: ['hosts that have been taken in stay so: an abort undoes only those that are under way'],
      voidIf: ['the hosts of the pool, their racks and links, or a limit of the platform file have changed'],
    },
  };
}

function failed(findings: readonly Finding[]): FleetPlanning {
  return { ok: false, findings };
}

function notInPool(serial: string, of: string): Finding {
  return { code: 'HOST_NOT_IN_POOL', message: `${serial} is no host of ${of}`, place: 'serials' };
}

function itemOf({ serial, rack, link }: FleetHost): ListItem {
  return { name: serial, input: { serial }, shares: [`rack/${rack}`, ...(link === undefined ? [] : [`link/${link}`])] };
}

/** The first of each rack, then the second of each, and so on; within a rack by serial number. */
function inTurn(pool: readonly FleetHost[]): FleetHost[] {
  const byRack = new Map<string, FleetHost[]>();
  for (const host of [...pool].sort((a, b) => compare(a.rack, b.rack) || compare(a.serial, b.serial)))
    byRack.set(host.rack, [...(byRack.get(host.rack) ?? []), host]);
  const racks = [...byRack.values()];
  const longest = Math.max(0, ...racks.map((hosts) => hosts.length));
  return Array.from({ length: longest }, (_, at) => racks.flatMap((hosts) => hosts[at] ?? [])).flat();
}

/** By code units: the order must be the same on every worker. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Whatever is the narrowest: the window, a rack or a link. */
function durationOf(hosts: readonly FleetHost[], { window, perRack, perLink, hostMs }: FleetIntent): number {
  const rounds = Math.max(
    Math.ceil(hosts.length / window),
    Math.ceil(most(hosts.map(({ rack }) => rack)) / perRack),
    Math.ceil(most(hosts.flatMap(({ link }) => link ?? [])) / perLink),
  );
  return rounds * hostMs;
}

function most(names: readonly string[]): number {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return Math.max(0, ...counts.values());
}

function slowest(hosts: readonly FleetHost[], { window, hostMs }: FleetIntent, durationMs: number): string[] {
  const windowMs = Math.ceil(hosts.length / window) * hostMs;
  if (durationMs <= windowMs) return [];
  return [
    `the limits per rack or link make it take ${minutes(durationMs)}; the window alone would allow ${minutes(windowMs)}`,
  ];
}

function minutes(ms: number): string {
  const whole = Math.round(ms / 60_000);
  if (whole < 1) return `${Math.max(1, Math.round(ms / 1_000))} s`;
  return whole < 120 ? `${whole} min` : `${(whole / 60).toFixed(1)} h`;
}
