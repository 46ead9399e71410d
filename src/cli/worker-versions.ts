import type { Check } from './render/checks.ts';

/** At the end of the identity that a worker of Gantry gives itself. */
const versionIn = / gantry\/(\S+)$/;

/**
 * Which versions of Gantry poll. Two at once is what a roll-out looks like, and nothing to leave so: a run may then be
 * planned by one and carried out by the other.
 */
export function versionCheck(identities: readonly string[]): Check {
  const name = 'worker versions';
  const pollers = [...new Set(identities)];
  if (pollers.length === 0) return { name, state: 'unknown', fact: 'no worker answers' };
  const versions = new Map<string, string[]>();
  for (const identity of pollers.sort()) {
    const version = versionIn.exec(identity)?.[1] ?? 'unknown';
    versions.set(version, [...(versions.get(version) ?? []), identity.replace(versionIn, '')]);
  }
  const [only, ...more] = versions.keys();
  if (more.length === 0 && only !== 'unknown') return { name, state: 'ok', fact: `all run ${only}` };
  return {
    name,
    state: 'unknown',
    fact: [...versions].map(([version, who]) => `${version}: ${who.join(', ')}`).join('; '),
    next: 'finish the roll-out: let all workers run one version; a run is planned by one and carried out by the other',
  };
}
