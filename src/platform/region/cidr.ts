/** A range of IPv4 addresses: its first one and how many there are. */
export type Cidr = { first: number; count: number };

const pattern = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/;

/** `10.20.0.0/16` → its range; nothing for text that is none, or whose address has bits beyond its prefix. */
export function parseCidr(text: string): Cidr | undefined {
  const match = pattern.exec(text);
  if (!match) return undefined;
  const [octets, prefix] = [match.slice(1, 5).map(Number), Number(match[5])];
  if (octets.some((octet) => octet > 255) || prefix > 32) return undefined;
  const first = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const count = 2 ** (32 - prefix);
  return first % count === 0 ? { first, count } : undefined;
}

/** Whether two ranges share an address. */
export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.first < b.first + b.count && b.first < a.first + a.count;
}

/** Whether all of `inner` is in `outer`. */
export function contains(outer: Cidr, inner: Cidr): boolean {
  return inner.first >= outer.first && inner.first + inner.count <= outer.first + outer.count;
}
