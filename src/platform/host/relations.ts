import type { Finding } from '../references.ts';
import { fields, matches } from '../references.ts';
import { isPlaceholderSerial } from './look-ups.ts';

/**
 * What the lines of the inventory must not share, and what no line may be called. Two hosts that name one disk would each
 * take it for its own.
 */
export function hostDisagreements(content: unknown): Finding[] {
  const inventory = matches(content, ['hosts', 'inventory', '*']);
  const findings: Finding[] = inventory
    .filter(({ key }) => isPlaceholderSerial(key))
    .map(({ path, key }) => ({
      path,
      message: `${key} is what firmware says that was given no serial number`,
      aboutKey: true as const,
    }));
  return [
    ...findings,
    ...twice(content, ['disks', '*'], (value) => `the disk ${value} is listed for`),
    ...twice(content, ['node'], (value) => `the node ${value} is`),
    ...twice(content, ['uplinks', '*', 'mac'], (value) => `the card ${value} is listed for`),
    ...twice(content, ['network', 'address'], (value) => `the address ${value} is that of`),
    ...diskCounts(content),
  ];
}

function twice(content: unknown, field: readonly string[], words: (value: string) => string): Finding[] {
  const seen = new Map<string, string>();
  return matches(content, ['hosts', 'inventory', '*', ...field]).flatMap(({ path, value }): Finding[] => {
    if (typeof value !== 'string') return [];
    const serial = String(path[2]);
    const before = seen.get(value);
    seen.set(value, before ?? serial);
    return before === undefined ? [] : [{ path, message: `${words(value)} ${before} already` }];
  });
}

/** The disks of a host are those that its class has for VM storage. */
function diskCounts(content: unknown): Finding[] {
  return matches(content, ['hosts', 'inventory', '*']).flatMap(({ path, value }): Finding[] => {
    const { class: className, disks } = fields(value);
    if (typeof className !== 'string' || !Array.isArray(disks)) return [];
    const sets = matches(content, ['hosts', 'classes', className, 'disks', '*']).map((match) => fields(match.value));
    const wanted = sets
      .filter(({ role }) => role === 'vm-storage')
      .reduce((sum, { count }) => sum + (typeof count === 'number' ? count : 0), 0);
    if (wanted === 0 || disks.length === wanted) return [];
    const message = `${disks.length} disks; a host of the class ${className} has ${wanted} for VM storage`;
    return [{ path: [...path, 'disks'], message }];
  });
}
