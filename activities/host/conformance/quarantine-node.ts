import type { QuarantineInput } from '../../../src/runs/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { HostDeps } from '../access/access.ts';
import { hasTaint, identityOfNode, quarantineTaint, withTaint, withoutTaint } from '../node/names.ts';
import { inspect } from './inspect.ts';

export type Quarantine = { name: string; quarantined: boolean; exists: boolean };

/** Has the scheduler place nothing more on the Node of a host that drifted. VMs that are there stay; the host is not touched. */
export const quarantineNode = defineStep<QuarantineInput, Quarantine, HostDeps>({
  name: 'host.quarantine-node',
  probe: async ({ serial }, deps, context) => {
    const { node: name } = (await deps.hosts(serial)).config;
    const node = await deps.nodes(serial, context.signal).get(name);
    // Nothing is placed on what is not there.
    if (!node) return done({ name, quarantined: false, exists: false }, `there is no Node ${name}`);
    const seen = { name, quarantined: hasTaint(node, quarantineTaint), exists: true };
    const { serial: its } = identityOfNode(node);
    if (its !== undefined && its !== serial)
      return blocked('HOST_NODE_TAKEN', seen, `the Node ${name} is that of ${its}`);
    if (seen.quarantined) return done(seen, `${name} is in quarantine`);
    // The verdict may be minutes old, and an onboarding may have come to its end since.
    const { drifts } = await inspect(serial, deps, context);
    const [first] = drifts;
    return first
      ? todo(seen, `${name} takes VMs, and ${first.step}: ${first.found}`)
      : done(seen, `${serial} conforms now`);
  },
  apply: async ({ serial }, { name }, { nodes }, { signal, mustBeOurs }) => {
    const api = nodes(serial, signal);
    const node = await api.get(name);
    if (!node) return;
    mustBeOurs();
    await api.change(name, node.resourceVersion, { taints: withTaint(node, quarantineTaint) });
  },
  undo: async ({ serial }, before, { nodes }, { signal, mustBeOurs }) => {
    const api = nodes(serial, signal);
    const node = await api.get(before.name);
    if (!node || before.quarantined) return;
    mustBeOurs();
    await api.change(before.name, node.resourceVersion, { taints: withoutTaint(node, quarantineTaint) });
  },
});
