import { createHash } from 'node:crypto';
import type { CardState, NetworkState } from './read-network.ts';
import type { NetworkSpec } from './spec.ts';

/** The host's card of each MAC address of the platform file, in its order; those that it does not have are left out. */
export function uplinksOf({ macs }: Pick<NetworkSpec, 'macs'>, { cards }: Pick<NetworkState, 'cards'>): CardState[] {
  return macs.flatMap((mac) => cards.find((card) => card.mac === mac) ?? []);
}

/** Everything that keeps the host from having such a bond, in words. A card that is switched off is judged later, in the window. */
export function unfit(spec: NetworkSpec, state: NetworkState, gbps: number): string[] {
  const { virtualFunctions } = spec.bond;
  const cards = uplinksOf(spec, state);
  return [
    ...(state.networkd ? [] : ['systemd-networkd does not run']),
    ...state.others.map((name) => `${name} runs as well, and may manage the same cards`),
    ...spec.macs.filter((mac) => !state.cards.some((card) => card.mac === mac)).map((mac) => `no card has ${mac}`),
    ...cards.flatMap(({ name, up, carrier, speedMbps, totalFunctions }) => [
      ...(/^[A-Za-z0-9_.-]+$/.test(name) ? [] : [`${JSON.stringify(name)} is a name that Gantry does not take`]),
      ...(up && !carrier ? [`${name} has no carrier`] : []),
      ...(up && carrier && (speedMbps ?? 0) < gbps * 1_000
        ? [`${name} runs at ${speedMbps ?? 'an unknown number of'} Mb/s, not ${gbps * 1_000}`]
        : []),
      ...(totalFunctions < virtualFunctions
        ? [`${name} can have ${totalFunctions} virtual functions, not ${virtualFunctions}`]
        : []),
    ]),
  ];
}

/** Everything in which the live network is not what it is to be, in words. Empty: it is. What could not be read counts. */
export function liveFindings(spec: NetworkSpec, state: NetworkState): string[] {
  const { name, mode, mtu, miimonMs, lacpRate, virtualFunctions } = spec.bond;
  const { bond } = state;
  if (!bond) return [`there is no ${name}`];
  const cards = uplinksOf(spec, state);
  const lacp = mode === '802.3ad';
  const { aggregator } = bond;
  return [
    ...(bond.mode === mode ? [] : [`${name} has the mode ${bond.mode}`]),
    ...(bond.up ? [] : [`${name} is down`]),
    ...(bond.mtu === mtu ? [] : [`${name} has an MTU of ${bond.mtu}`]),
    ...(bond.miimonMs === miimonMs ? [] : [`${name} looks at the carrier every ${bond.miimonMs} ms`]),
    ...(lacp && bond.lacpRate !== lacpRate ? [`${name} has the LACP rate ${bond.lacpRate ?? 'unknown'}`] : []),
    ...spec.macs.filter((mac) => !cards.some((card) => card.mac === mac)).map((mac) => `no card has ${mac}`),
    ...cards.flatMap((card) => {
      const member = bond.members.find((one) => one.name === card.name);
      if (!member) return [`${card.name} is no member of ${name}`];
      return [
        ...(member.up ? [] : [`${card.name} is down in ${name}`]),
        ...(card.functions === virtualFunctions ? [] : [`${card.name} has ${card.functions} virtual functions`]),
        ...(lacp && member.aggregator !== aggregator?.id ? [`${card.name} is in another aggregator`] : []),
      ];
    }),
    ...bond.members
      .filter((member) => !cards.some((card) => card.name === member.name))
      .map((member) => `${member.name} is a member of ${name}, and not of the platform file`),
    ...(lacp && (aggregator?.ports ?? 0) !== spec.macs.length
      ? [`${aggregator?.ports ?? 0} of ${spec.macs.length} ports are in the aggregator`]
      : []),
    ...(lacp && /^[0:]*$/.test(aggregator?.partner ?? '') ? ['the other end does not speak LACP'] : []),
    ...(spec.address === undefined || state.addresses.includes(`${name} ${spec.address}`)
      ? []
      : [`${name} does not have ${spec.address}`]),
    ...(spec.gateway === undefined || state.defaultRoutes.includes(`${spec.gateway} ${name}`)
      ? []
      : [`no default route goes through ${name} to ${spec.gateway}`]),
  ];
}

/** Whether Gantry's files are those of the spec, and no other of its own are there. */
export function filesMatch({ files }: Pick<NetworkSpec, 'files'>, state: Pick<NetworkState, 'files'>): boolean {
  const wanted = Object.entries(files).map(([name, text]) => [name, createHash('sha256').update(text).digest('hex')]);
  const has = Object.entries(state.files);
  return has.length === wanted.length && wanted.every(([name = '', sha]) => state.files[name] === sha);
}

/**
 * What the plan rests on: the files, and what the cards, the bond and the default routes are. Not what moves by itself: carrier,
 * speed, leases.
 */
export function networkStands(spec: NetworkSpec, state: NetworkState): string {
  const cards = uplinksOf(spec, state);
  const names = new Set([spec.bond.name, ...cards.flatMap(({ name, master }) => [name, ...(master ? [master] : [])])]);
  const stands = [
    state.filesDigest,
    cards.map(({ name, mac, master, mtu, functions }) => [name, mac, master ?? '', mtu, functions]),
    state.addresses.filter((address) => names.has(address.split(' ')[0] ?? '')),
    state.defaultRoutes.filter((route) => names.has(route.split(' ')[1] ?? '')),
    state.bond ? [state.bond.mode, state.bond.mtu, state.bond.members.map(({ name }) => name).sort()] : [],
  ];
  return createHash('sha256').update(JSON.stringify(stands)).digest('hex').slice(0, 32);
}
