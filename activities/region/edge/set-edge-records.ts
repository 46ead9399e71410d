import { GantryError } from '../../../src/errors/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { withEdge } from '../access/with-edge.ts';
import type { Member, NamesSeen } from './records.ts';
import { foreignIn, membersOf, namesOf, wouldServe } from './records.ts';

type Seen = { own: boolean; member: boolean; weight: number | null; members: readonly Member[] };

/**
 * The names of a region: its own, an alias of the load balancer, and its record of weight 0 in the weighted group. Both are made in one change,
 * which Route 53 makes whole or not at all. A weight that another one has set stays. A record of weight 0 takes no traffic only while another
 * member has a weight (Route 53 developer guide, "Values specific for weighted alias records"): without one it is not made.
 */
export const setEdgeRecords = defineStep<RegionEdge, Seen, RegionDeps>({
  name: 'region.set-edge-records',
  probe: (of, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const names = await namesOf(of, deps, clients);
      const { own, member } = names;
      const members = membersOf(names);
      const seen = { own: own !== undefined, member: member !== undefined, weight: member?.weight ?? null, members };
      const foreign = foreignIn(of, names);
      if (foreign.length > 0) return blocked('REGION_EDGE_FOREIGN', seen, foreign.join('; '));
      const { group, geoAlias } = of.names;
      if (!member && wouldServe(names)) {
        const words = `${geoAlias} leads to ${group}, and no member of it has a weight above 0: ${of.region} would take its traffic`;
        return blocked('REGION_EDGE_WOULD_SERVE', seen, words);
      }
      if (own && !names.wanted)
        return blocked('REGION_EDGE_DIFFERS', seen, `${of.names.own} is there, and ${of.balancer.name} is not`);
      if (own && member) return done(seen, inWords(of, names));
      const missing = [...(own ? [] : [of.names.own]), ...(member ? [] : [`the record of ${of.region} in ${group}`])];
      return todo(seen, `missing: ${missing.join(', ')}`, { begun: own !== undefined || member !== undefined });
    }),
  apply: (of, _seen, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const names = await namesOf(of, deps, clients);
      const { own, member, wanted } = names;
      if (!wanted)
        throw new GantryError('AWS_MISSING', `the load balancer or the health check of ${of.region} is not there`);
      // As the last look before the change: the weights of the others may have been taken away meanwhile.
      if (!member && wouldServe(names))
        throw new GantryError('REGION_EDGE_WOULD_SERVE', `no member of ${of.names.group} has a weight above 0`);
      // The target of an alias before the alias. Route 53 refuses all of it where one of them is there by now.
      const missing = [...(own ? [] : [wanted.own]), ...(member ? [] : [wanted.member])];
      if (missing.length > 0) await clients.route53.createRecords(of.names.zone, missing);
    }),
  undo: (of, before, deps, context) =>
    withEdge(deps, of, context, async (clients) => {
      const names = await namesOf(of, deps, clients);
      const [own, member] = [before.own ? undefined : names.own, before.member ? undefined : names.member];
      if (!own && !member) return;
      const { wanted } = names;
      const differs = wanted
        ? foreignIn(of, { ...names, own, member, others: [] })
        : ['its load balancer is not there as it should be'];
      if (member && (member.weight ?? 0) !== 0)
        differs.push(`${of.region} has weight ${member.weight} in ${of.names.group}: withdraw it first`);
      if (differs.length > 0 || !wanted) throw new GantryError('REGION_UNDO_DIFFERS', differs.join('; '));
      const made = [...(member ? [wanted.member] : []), ...(own ? [wanted.own] : [])];
      await clients.route53.deleteRecords(of.names.zone, made);
    }),
});

function inWords({ region, names: { group } }: RegionEdge, names: NamesSeen): string {
  const weight = names.member?.weight ?? 0;
  const all = membersOf(names).map((one) => `${one.setIdentifier} ${one.weight ?? 'without weight'}`);
  const shares = `members of ${group}: ${all.join(', ')}`;
  if (weight > 0) return `${region} has weight ${weight}, which Gantry did not set and leaves; ${shares}`;
  return wouldServe(names)
    ? `${region} has weight 0 and serves all the same, since no member has a weight above 0; ${shares}`
    : `${region} has weight 0; ${shares}`;
}
