import type { PlannedEdge } from '../../../runs/index.ts';

/** What is said of a certificate by who keeps it. Times are in milliseconds since the epoch. */
export type CertificateFacts = {
  status: string;
  names: readonly string[];
  validFromMs?: number;
  validUntilMs?: number;
};

const dayMs = 86_400_000;

/**
 * What of a certificate would turn clients away, in words; none where it may stand in a listener. Pure.
 * Clients ask for the geo alias, and for the region's own name; a name of the group is asked for by DNS alone.
 * @param leastMs how much longer it has to be valid.
 */
export function certificateFlaws(
  { own, geoAlias }: PlannedEdge['names'],
  { status, names, validFromMs, validUntilMs }: CertificateFacts,
  { nowMs, leastMs = 0 }: { nowMs: number; leastMs?: number },
): string[] {
  const uncovered = [geoAlias, own].filter((name) => !names.some((one) => covers(one, name)));
  return [
    ...(status === 'ISSUED' ? [] : [`its status is ${status}, not ISSUED`]),
    ...(uncovered.length === 0 ? [] : [`it is for ${names.join(', ') || 'no name'}, not for ${uncovered.join(', ')}`]),
    ...(validFromMs !== undefined && validFromMs > nowMs ? [`it is valid from ${day(validFromMs)} on`] : []),
    ...(validUntilMs !== undefined && validUntilMs <= nowMs ? [`it was valid until ${day(validUntilMs)}`] : []),
    ...(validUntilMs !== undefined && validUntilMs > nowMs && validUntilMs - nowMs < leastMs
      ? [`it is valid until ${day(validUntilMs)}, ${Math.floor((validUntilMs - nowMs) / dayMs)} days more`]
      : []),
  ];
}

/** `*` stands for one whole label, the first one (RFC 6125, 6.4.3). */
function covers(pattern: string, name: string): boolean {
  if (!pattern.startsWith('*.')) return pattern === name;
  return name.slice(name.indexOf('.') + 1) === pattern.slice(2) && name.indexOf('.') > 0;
}

function day(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
