import { GantryError } from '../../errors/index.ts';
import type { Platform } from '../schema/platform.ts';
import type { HostClass, HostLogin, InventoryHost } from './schema.ts';

/** One line of the inventory with what it names elsewhere in the file. */
export type HostInventory = { serial: string; config: InventoryHost; class: HostClass; bastion?: HostLogin };

/**
 * The host with this serial number, with its class and its bastion.
 * @throws GantryError HOST_UNKNOWN, naming the hosts that there are
 */
export function hostInventory({ hosts }: Platform, serial: string): HostInventory {
  const { inventory, classes, bastions } = hosts;
  const config = own(inventory, serial);
  const hostClass = config && own(classes, config.class);
  if (!config || !hostClass) {
    const names = Object.keys(inventory).sort();
    const some = `${names.slice(0, 10).join(', ')}${names.length > 10 ? `, … (${names.length})` : ''}`;
    const known = names.length === 0 ? 'the platform file has none' : `known: ${some}`;
    throw new GantryError('HOST_UNKNOWN', `no host of the inventory has the serial number ${serial}; ${known}`, {
      evidence: { serial },
    });
  }
  const bastion = config.bastion === undefined ? undefined : own(bastions, config.bastion);
  return { serial, config, class: hostClass, ...(bastion ? { bastion } : {}) };
}

/** The region of a host, by its zone; of a zone that is named itself. */
export function hostRegion({ regions, hosts }: Platform, serial: string): string | undefined {
  const zone = own(hosts.inventory, serial)?.zone ?? serial;
  return Object.entries(regions).find(([, { zones }]) => Object.hasOwn(zones, zone))?.[0];
}

/** The host with this serial number; else all those of the zone of this name, in order. */
export function hostsNamed({ hosts: { inventory } }: Platform, name: string): readonly string[] {
  if (own(inventory, name)) return [name];
  return Object.keys(inventory)
    .filter((serial) => inventory[serial]?.zone === name)
    .sort();
}

/** The serial numbers of the inventory, in order. */
export function knownHosts({ hosts }: Platform): readonly string[] {
  return Object.keys(hosts.inventory).sort();
}

/** The hosts of one class in one zone, in order. */
export function hostPool(
  { inventory }: Platform['hosts'],
  zone: string,
  hostClass: string,
): { serial: string; node: string; rack: string; link?: string }[] {
  return Object.entries(inventory)
    .filter(([, config]) => config.zone === zone && config.class === hostClass)
    .map(([serial, { node, rack, link }]) => ({ serial, node, rack, ...(link === undefined ? {} : { link }) }))
    .sort((a, b) => (a.serial < b.serial ? -1 : 1));
}

/** What vendors leave in the firmware of machines that were given no serial number: many machines share each of them. */
const placeholders = [
  /^(to be filled by o\.?e\.?m\.?|default string|system serial number|chassis serial number|serial number)$/i,
  /^(none|null|n\/a|na|not (specified|applicable|available|provided)|unknown|invalid|empty|oem|oem string|xxx+)$/i,
  /^[0.\-_ ]+$/,
  /^(0?123456789(abcdef|0)?|1234567890?|f+)$/i,
  /^(.)\1{3,}$/,
];

/** Whether a serial number says nothing about the machine: UUIDs derived from it would be those of other machines too. */
export function isPlaceholderSerial(serial: string): boolean {
  const trimmed = serial.trim();
  return trimmed === '' || placeholders.some((pattern) => pattern.test(trimmed));
}

function own<T>(map: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(map, key) ? map[key] : undefined;
}
