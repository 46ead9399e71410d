import type { AliasRecord, AliasTarget, RecordSet } from '../../../src/drivers/route53/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import type { RegionDeps } from '../access/access.ts';
import type { EdgeClients } from '../access/with-edge.ts';
import { ownHealthCheck } from './make-health-check.ts';
import { ownBalancer } from './make-load-balancer.ts';
import { wrongOnes } from './standing.ts';

/** A member of the group: another region, or this one. Without a weight it is no weighted record. */
export type Member = { setIdentifier: string; weight: number | null };

/** How the names of a region stand. `wanted`: nothing while the load balancer or the health check is not there as it should be. */
export type NamesSeen = {
  own: RecordSet | undefined;
  member: RecordSet | undefined;
  others: readonly RecordSet[];
  /** The geo alias leads to the group: whoever asks for it there is answered by a member. */
  isAskedFor: boolean;
  /** Of the geo alias and of the other members, those that lead to the region's own name. */
  leadHere: readonly string[];
  wanted: { own: AliasRecord; member: AliasRecord } | undefined;
};

/** Reads the records of the three names as Route 53 has accepted them. */
export async function namesOf(of: RegionEdge, deps: RegionDeps, clients: EdgeClients): Promise<NamesSeen> {
  const { zone, own, group, geoAlias } = of.names;
  const members = await clients.route53.records(zone, group);
  const identifier = identifierOf(of, deps);
  const atOwn = await clients.route53.records(zone, own);
  const above = await clients.route53.records(zone, geoAlias);
  return {
    own: atOwn.find(({ type }) => addressTypes.includes(type)),
    member: members.find(({ setIdentifier }) => setIdentifier === identifier),
    others: members.filter(({ setIdentifier, type }) => setIdentifier !== identifier && addressTypes.includes(type)),
    isAskedFor: above.some(({ alias }) => alias?.name === group),
    leadHere: [...above, ...members]
      .filter(({ alias, setIdentifier }) => alias?.name === own && setIdentifier !== identifier)
      .map(({ name, setIdentifier }) => (setIdentifier === undefined ? name : `${name} (${setIdentifier})`)),
    wanted: await wantedOf(of, deps, clients),
  };
}

/** What answers the question for an address. */
const addressTypes: readonly string[] = ['A', 'AAAA', 'CNAME'];

/** By this a record is Gantry's: a record has no tags. */
function identifierOf({ region }: RegionEdge, { owner }: RegionDeps): string {
  return `gantry:${owner}:${region}`;
}

async function wantedOf(of: RegionEdge, deps: RegionDeps, clients: EdgeClients): Promise<NamesSeen['wanted']> {
  const balancer = await ownBalancer(of, deps, clients);
  const check = of.health && (await ownHealthCheck(of, deps, clients));
  if (!balancer || (of.health && !check)) return undefined;
  const { zone, own, group } = of.names;
  const leadsTo = (name: string, zoneId: string): AliasTarget => ({
    name: name.toLowerCase(),
    zoneId,
    evaluateHealth: true,
  });
  return {
    own: { name: own, type: 'A', alias: leadsTo(balancer.dnsName, balancer.zoneId) },
    member: {
      ...{ name: group, type: 'A', setIdentifier: identifierOf(of, deps), weight: 0, alias: leadsTo(own, zone) },
      ...(check ? { healthCheckId: check.id } : {}),
    },
  };
}

/** What another one made at the names of the region. A weight is no part of it: whoever raised it may. */
export function foreignIn(
  { names: { own: ownName, group } }: RegionEdge,
  { own, member, others, wanted }: NamesSeen,
): string[] {
  const unweighted = others.filter(({ weight }) => weight === undefined);
  return [
    ...(own && wanted ? notAs(own, wanted.own, ownName) : []),
    ...(member && wanted ? notAs(member, wanted.member, `${group} (${wanted.member.setIdentifier ?? ''})`) : []),
    ...unweighted.map(({ type }) => `${group} has a record ${type} that is no weighted one`),
  ];
}

function notAs(found: RecordSet, wanted: AliasRecord, name: string): string[] {
  const wrong = wrongOnes([
    ['type', found.type, wanted.type],
    ['target', found.alias?.name, wanted.alias.name],
    ['health check', found.healthCheckId, wanted.healthCheckId],
  ]);
  return wrong.map((one) => `${name} is there, and ${one}`);
}

/** Whether a member of weight 0 would be answered with: no other one of its type has a weight, and the group is asked. */
export function wouldServe({ isAskedFor, others }: NamesSeen): boolean {
  return isAskedFor && !others.some(({ type, weight }) => type === 'A' && weight !== undefined && weight > 0);
}

/** Why a region that is to be withdrawn still takes traffic, as far as its records tell. */
export function takesTraffic({ region, names: { own, group } }: RegionEdge, names: NamesSeen): string[] {
  const { member, leadHere } = names;
  const weight = member?.weight ?? 0;
  return [
    ...(weight > 0 ? [`${region} has weight ${weight} in ${group}`] : []),
    ...(member && weight === 0 && wouldServe(names)
      ? [`${region} has weight 0 in ${group} and serves all the same: no other member has a weight`]
      : []),
    ...(leadHere.length > 0 ? [`${leadHere.join(', ')} leads to ${own}`] : []),
  ];
}

/** Every member of the group with its weight. */
export function membersOf({ member, others }: NamesSeen): Member[] {
  return [...(member ? [member] : []), ...others].map(({ setIdentifier = '', weight }) => ({
    ...{ setIdentifier, weight: weight ?? null },
  }));
}
