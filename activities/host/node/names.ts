import type { KubeNode, Taint } from '../../../src/drivers/kubernetes/index.ts';

/** Every name that Gantry gives to a Node begins with it. */
const prefix = 'gantry.dev';

export const annotations = {
  serial: `${prefix}/serial`,
  /** Which life of the machine the Node belongs to. */
  generation: `${prefix}/generation`,
  spec: `${prefix}/spec`,
  conformance: `${prefix}/conformance`,
  /** Generation, spec and conformance digests that the Node was admitted with. */
  admitted: `${prefix}/admitted`,
} as const;

export const labels = {
  class: `${prefix}/host-class`,
  rack: `${prefix}/rack`,
  zone: 'topology.kubernetes.io/zone',
  region: 'topology.kubernetes.io/region',
} as const;

/** On a Node from its registration to its admission. */
export const onboardingTaint: Taint = { key: `${prefix}/onboarding`, effect: 'NoSchedule' };
/** From host.conformance, on a Node whose host has drifted. Only an admission lifts it. */
export const quarantineTaint: Taint = { key: `${prefix}/quarantine`, effect: 'NoSchedule' };

export function hasTaint({ taints }: Pick<KubeNode, 'taints'>, { key, effect }: Taint): boolean {
  return taints.some((taint) => taint.key === key && taint.effect === effect);
}

/** Whether it was admitted, and VMs may be placed on it. */
export function isInService(node: KubeNode): boolean {
  const isKept = node.unschedulable || hasTaint(node, onboardingTaint) || hasTaint(node, quarantineTaint);
  return node.annotations[annotations.admitted] !== undefined && !isKept;
}

/** The list with a taint more; all others stay as they are. */
export function withTaint({ taints }: Pick<KubeNode, 'taints'>, taint: Taint): readonly Taint[] {
  return hasTaint({ taints }, taint) ? taints : [...taints, taint];
}

/** The list without it; all others stay. */
export function withoutTaint({ taints }: Pick<KubeNode, 'taints'>, { key, effect }: Taint): readonly Taint[] {
  return taints.filter((taint) => taint.key !== key || taint.effect !== effect);
}

/** What a Node says of its host, as far as it was given. */
export type NodeIdentity = { serial?: string; generation?: number };

export function identityOfNode({ annotations: given }: Pick<KubeNode, 'annotations'>): NodeIdentity {
  const serial = given[annotations.serial];
  const generation = Number(given[annotations.generation]);
  return {
    ...(serial === undefined ? {} : { serial }),
    ...(Number.isInteger(generation) && generation > 0 ? { generation } : {}),
  };
}

/** Why a Node is not that of this life of this machine; undefined: it is, or says nothing. */
export function nodeOfAnother(
  node: KubeNode,
  { serial, generation }: { serial: string; generation: number },
): string | undefined {
  const of = identityOfNode(node);
  if (of.serial !== undefined && of.serial !== serial)
    return `the Node ${node.name} is that of ${of.serial}, not of ${serial}`;
  if (of.generation === undefined || of.generation === generation) return undefined;
  const when = of.generation < generation ? 'an earlier' : 'a later';
  return `the Node ${node.name} is of ${when} life of ${serial}: generation ${of.generation}, not ${generation}`;
}
