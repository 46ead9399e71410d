import { createHash } from 'node:crypto';
import type { KubeNode } from '../../../src/drivers/kubernetes/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { HostStepInput } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo, wait } from '../../../src/steps/index.ts';
import type { Probe, StepContext } from '../../../src/steps/index.ts';
import type { HostAccess, HostDeps, HostNodes } from '../access/access.ts';
import { lastLook } from './last-look.ts';
import {
  annotations,
  hasTaint,
  nodeOfAnother,
  onboardingTaint,
  quarantineTaint,
  withTaint,
  withoutTaint,
} from './names.ts';
import { admissionOf } from './register-node.ts';

export type Admission = {
  name: string;
  /**
   * All that the decision rests on of the Node. Its resource version moves with every report of its kubelet, which changes nothing of
   * that.
   */
  fingerprint: string;
  onboarding: boolean;
  quarantined: boolean;
  admitted: string | null;
  /** What is in the way, in words. */
  flaws: readonly string[];
  /** What the host does that ends by itself: the array is brought to its members. */
  busy: readonly string[];
};

/** Between two looks at a resync. Milliseconds. */
const resyncLookEveryMs = 30_000;

/**
 * The last look, then the Node takes VMs: both taints of Gantry's go and the admission is noted, by one compare-and-set on the version
 * of the Node that was looked at. A cordon is a person's and stays in the way.
 */
export const admitNode = defineStep<HostStepInput, Admission, HostDeps>({
  name: 'host.admit-node',
  settleEveryMs: 1_000,
  probe: async (of, { hosts, nodes }, { signal }) => {
    const access = await hosts(of.serial);
    const name = access.config.node;
    // Before the host: what changes on the Node while the host is asked fails the compare-and-set.
    const node = await mustGet(nodes(of.serial, signal), name);
    return judged(of, node, { ...standOf(node), ...(await lastLook(access, node, signal)) });
  },
  apply: async (of, seen, { hosts, nodes }, context) => {
    const { signal, mustBeOurs } = context;
    const api = nodes(of.serial, signal);
    const access = await hosts(of.serial);
    let node = await mustGet(api, seen.name);
    if (seen.busy.length > 0) {
      await whenIdle(access, node, context);
      node = await mustGet(api, seen.name);
    }
    if (fingerprintOf(node) !== seen.fingerprint) {
      throw new GantryError('KUBERNETES_CONFLICT', `the Node ${seen.name} was changed after the last look`, {
        evidence: { node: seen.name, seen: seen.fingerprint, now: fingerprintOf(node) },
      });
    }
    mustBeOurs();
    await api.change(node.name, node.resourceVersion, {
      annotations: { [annotations.admitted]: admissionOf(node) },
      taints: withoutTaint({ taints: withoutTaint(node, onboardingTaint) }, quarantineTaint),
    });
  },
  undo: async (of, before, { nodes }, { signal, mustBeOurs }) => {
    const api = nodes(of.serial, signal);
    const node = await api.get(before.name);
    if (!node || nodeOfAnother(node, of) !== undefined) return;
    mustBeOurs();
    const first = before.onboarding ? withTaint(node, onboardingTaint) : node.taints;
    await api.change(node.name, node.resourceVersion, {
      annotations: { [annotations.admitted]: before.admitted },
      taints: before.quarantined ? withTaint({ taints: first }, quarantineTaint) : first,
    });
  },
});

async function mustGet(api: HostNodes, name: string): Promise<KubeNode> {
  const node = await api.get(name);
  if (node) return node;
  throw new GantryError('KUBERNETES_NOT_FOUND', `there is no Node ${name}`, { evidence: { node: name } });
}

/** A resync of 8 TB takes hours; nothing else may come in the way meanwhile. @throws HOST_NOT_ADMISSIBLE */
async function whenIdle(access: HostAccess, node: KubeNode, { signal, progress }: StepContext): Promise<void> {
  for (;;) {
    const { flaws, busy } = await lastLook(access, node, signal);
    if (flaws.length > 0) throw new GantryError('HOST_NOT_ADMISSIBLE', `${access.ssh.where}: ${flaws.join('; ')}`);
    if (busy.length === 0) return;
    progress({ waitingFor: busy });
    await wait(resyncLookEveryMs, signal);
  }
}

/** Without what Kubernetes itself says of the Node's health. */
function fingerprintOf({ uid, annotations: given, taints, unschedulable }: KubeNode): string {
  const ours = Object.values(annotations).map((key) => [key, given[key] ?? null]);
  const lasting = taints
    .filter(({ key }) => !key.startsWith('node.kubernetes.io/'))
    .map(({ key, value, effect }) => [key, value, effect]);
  return createHash('sha256')
    .update(JSON.stringify([uid, ours, lasting, unschedulable]))
    .digest('hex')
    .slice(0, 16);
}

function standOf(node: KubeNode): Omit<Admission, 'flaws' | 'busy'> {
  return {
    ...{ name: node.name, fingerprint: fingerprintOf(node) },
    onboarding: hasTaint(node, onboardingTaint),
    quarantined: hasTaint(node, quarantineTaint),
    admitted: node.annotations[annotations.admitted] ?? null,
  };
}

function judged(of: HostStepInput, node: KubeNode, seen: Admission): Probe<Admission> {
  const another = nodeOfAnother(node, of);
  if (another !== undefined) return blocked('HOST_NODE_TAKEN', seen, another);
  if (seen.flaws.length > 0) return blocked('HOST_NOT_ADMISSIBLE', seen, seen.flaws.join('; '));
  if (node.unschedulable) return blocked('HOST_NODE_CORDONED', seen, `the Node ${node.name} is cordoned`);
  const isAdmitted = seen.admitted === admissionOf(node);
  if (seen.busy.length > 0) return todo(seen, seen.busy.join('; '));
  if (isAdmitted && !seen.onboarding && !seen.quarantined) return done(seen, `${node.name} takes VMs`);
  const waits = [seen.onboarding ? onboardingTaint.key : '', seen.quarantined ? quarantineTaint.key : ''].filter(
    (key) => key !== '',
  );
  return todo(
    seen,
    waits.length > 0
      ? `${node.name} carries ${waits.join(' and ')}`
      : `${node.name} was not admitted with what it says now`,
  );
}
