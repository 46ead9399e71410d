import type { RetiredClaims } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { clusterOf } from '../components/standing.ts';
import type { Standing } from './objects.ts';
import { goneWithin, inWords, removeObject, standingNow } from './objects.ts';

/** Deletes the volume claims of a component, and with them the data, unless the storage class retains it. A claim goes when no pod uses it. */
export const removeClaims = defineStep<RetiredClaims, { claims: readonly Standing[] }, RegionDeps>({
  name: 'region.remove-claims',
  ...goneWithin,
  probe: async (of, deps, { signal }) => {
    const cluster = clusterOf(deps, of.region, signal);
    const standing = await Promise.all(of.claims.map((one) => standingNow(cluster, one)));
    const claims = standing.map(({ object, state, words }) => ({ object, state, words }));
    if (claims.every(({ state }) => state === 'gone')) return done({ claims }, `${of.component} has no volumes`);
    const changed = claims.filter(({ state }) => state === 'changed');
    if (changed.length > 0) return blocked('REGION_RETIRE_DIFFERS', { claims }, inWords(changed));
    return todo({ claims }, inWords(claims), { begun: claims.some(({ state }) => state !== 'there') });
  },
  apply: async (of, _seen, deps, context) => {
    const cluster = clusterOf(deps, of.region, context.signal);
    for (const one of of.claims) await removeObject(cluster, one, context);
  },
});
