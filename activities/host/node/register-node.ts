import type { KubeNode } from '../../../src/drivers/kubernetes/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { HostStepInput } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { Probe } from '../../../src/steps/index.ts';
import type { HostAccess, HostDeps } from '../access/access.ts';
import { readConformance } from '../system/conformance.ts';
import { annotations, hasTaint, labels, nodeOfAnother, onboardingTaint, withTaint, withoutTaint } from './names.ts';
import { specDigest } from './spec-digest.ts';

/** How the Node of a host stands, and what it is to say. */
export type NodeRecord = {
  name: string;
  exists: boolean;
  /** A kubelet runs on the host: the Node is its to post. */
  kubelet: boolean;
  tainted: boolean;
  /** What Gantry's labels and annotations say; null: nothing. */
  labels: Readonly<Record<string, string | null>>;
  annotations: Readonly<Record<string, string | null>>;
};

type Wanted = { labels: Readonly<Record<string, string>>; annotations: Readonly<Record<string, string>> };

/**
 * Has the Node say which machine it is, what that machine conforms to, and that nothing may be placed on it yet. Labels, annotations and
 * taints of others stay. Where no kubelet runs, Gantry posts the Node: it is then the record and the scheduler's gate, no more.
 */
export const registerNode = defineStep<HostStepInput, NodeRecord, HostDeps>({
  name: 'host.register-node',
  probe: async (of, { hosts, nodes }, { signal }) => {
    const access = await hosts(of.serial);
    const node = await nodes(of.serial, signal).get(access.config.node);
    const wanted = await wantedOf(access, of, nodes(of.serial, signal).region, signal);
    const seen = recordOf(access.config.node, node, wanted, node ? false : await hasKubelet(access, signal));
    return judged(of, node, seen, wanted);
  },
  apply: async (of, seen, { hosts, nodes }, { signal, mustBeOurs }) => {
    const access = await hosts(of.serial);
    const api = nodes(of.serial, signal);
    const wanted = await wantedOf(access, of, api.region, signal);
    const node = await api.get(seen.name);
    if (!node && seen.kubelet) {
      throw new GantryError(
        'HOST_NODE_NOT_POSTED',
        `${access.ssh.where}: its kubelet runs, and there is no Node ${seen.name}`,
      );
    }
    mustBeOurs();
    if (!node) return void (await api.create({ name: seen.name, ...wanted, taints: [onboardingTaint] }));
    const another = nodeOfAnother(node, of);
    if (another !== undefined) throw new GantryError('HOST_NODE_TAKEN', another);
    await api.change(node.name, node.resourceVersion, { ...wanted, taints: withTaint(node, onboardingTaint) });
  },
  undo: async (of, before, { nodes }, { signal, mustBeOurs }) => {
    const api = nodes(of.serial, signal);
    const node = await api.get(before.name);
    if (!node || nodeOfAnother(node, of) !== undefined) return;
    mustBeOurs();
    // Gantry may delete no Node: one that this run posted stays, tainted, and says whose it is.
    if (!before.exists) {
      if (hasTaint(node, onboardingTaint)) return;
      await api.change(node.name, node.resourceVersion, { taints: withTaint(node, onboardingTaint) });
      return;
    }
    const taints = before.tainted ? withTaint(node, onboardingTaint) : withoutTaint(node, onboardingTaint);
    await api.change(node.name, node.resourceVersion, {
      labels: before.labels,
      annotations: before.annotations,
      taints,
    });
  },
});

async function wantedOf(
  access: HostAccess,
  { serial, generation }: HostStepInput,
  region: string,
  signal: AbortSignal,
): Promise<Wanted> {
  const { class: hostClass, zone, rack } = access.config;
  const { digest } = await readConformance(access, signal);
  return {
    labels: { [labels.class]: hostClass, [labels.rack]: rack, [labels.zone]: zone, [labels.region]: region },
    annotations: {
      [annotations.serial]: serial,
      [annotations.generation]: String(generation),
      [annotations.spec]: specDigest(access),
      [annotations.conformance]: digest,
    },
  };
}

/** What `admit-node` writes once it has admitted a Node with what it says now. */
export function admissionOf({ annotations: given }: Pick<KubeNode, 'annotations'>): string {
  return [annotations.generation, annotations.spec, annotations.conformance].map((name) => given[name] ?? '').join(' ');
}

function recordOf(name: string, node: KubeNode | undefined, wanted: Wanted, kubelet: boolean): NodeRecord {
  const pick = (of: Readonly<Record<string, string>>, from: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(Object.keys(of).map((key) => [key, from[key] ?? null]));
  return {
    ...{ name, kubelet, exists: node !== undefined },
    tainted: node !== undefined && hasTaint(node, onboardingTaint),
    labels: pick(wanted.labels, node?.labels),
    annotations: pick(wanted.annotations, node?.annotations),
  };
}

function judged(of: HostStepInput, node: KubeNode | undefined, seen: NodeRecord, wanted: Wanted): Probe<NodeRecord> {
  if (!node) {
    return todo(seen, seen.kubelet ? `the kubelet has not posted ${seen.name} yet` : `there is no Node ${seen.name}`);
  }
  const another = nodeOfAnother(node, of);
  if (another !== undefined) return blocked('HOST_NODE_TAKEN', seen, another);
  const differ = [
    ...Object.entries(wanted.labels).filter(([key, value]) => node.labels[key] !== value),
    ...Object.entries(wanted.annotations).filter(([key, value]) => node.annotations[key] !== value),
  ].map(([key]) => key);
  if (differ.length > 0) return todo(seen, `${seen.name}: ${differ.join(', ')} differ`);
  const admitted = node.annotations[annotations.admitted] === admissionOf(node);
  if (seen.tainted || admitted)
    return done(seen, `${seen.name} says whose it is${admitted ? ', and was admitted so' : ''}`);
  return todo(seen, `${seen.name} has no taint ${onboardingTaint.key}`);
}

/** A kubelet of whatever distribution. @throws SSH_FAILED */
async function hasKubelet({ ssh }: HostAccess, signal: AbortSignal): Promise<boolean> {
  const argv = [
    'systemctl',
    'is-active',
    '--quiet',
    'kubelet.service',
    'k3s-agent.service',
    'rke2-agent.service',
    'snap.kubelet.daemon.service',
  ];
  // With several units it ends with 0 if one of them is active (systemctl(1)).
  return (await ssh.run(argv, { timeoutMs: 20_000, signal })).code === 0;
}
