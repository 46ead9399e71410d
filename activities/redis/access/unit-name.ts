/** Workflow id / run id / ordinal → a name that a file and a systemd unit may have, the same for every attempt of a step. */
export function unitName(unit: string): string {
  return `gantry-${unit.replace(/[^A-Za-z0-9.]+/g, '-')}`;
}
