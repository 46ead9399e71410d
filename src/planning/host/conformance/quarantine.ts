/** Of the hosts of a run: more than this are never quarantined by one run. */
const share = 0.1;

/**
 * How many hosts of those that were looked at one run may quarantine: a tenth, at least one. A worker that has lost its network sees every
 * host silent; it must not take a whole zone out of service.
 */
export function mayQuarantine(looked: number): number {
  return Math.max(1, Math.floor(looked * share));
}
