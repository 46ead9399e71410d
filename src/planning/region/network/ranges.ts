/** `10.20.0.0/16` → its first address and the one after its last. What is no range shares no address. */
function boundsOf(text: string): readonly [number, number] {
  const match = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(text);
  if (!match) return [0, 0];
  const first = match.slice(1, 5).reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return [first, first + 2 ** (32 - Number(match[5]))];
}

/** Whether two ranges of IPv4 addresses share one. */
export function sharesAddresses(a: string, b: string): boolean {
  const [[aFirst, aEnd], [bFirst, bEnd]] = [boundsOf(a), boundsOf(b)];
  return aFirst < bEnd && bFirst < aEnd;
}
