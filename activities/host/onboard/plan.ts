import type { Finding, HostUuids, OnboardFacts, OnboardIntent, Wipe } from '../../../src/planning/host/index.ts';
import { generationOf, livesOn, parseWipe, planOnboard, sameUuid } from '../../../src/planning/host/index.ts';
import type { HostOnboardInput, PlanCall } from '../../../src/runs/index.ts';
import { definePlan } from '../../../src/steps/index.ts';
import type { HostAccess, HostDeps } from '../access/access.ts';
import { look } from '../access/look.ts';
import { mountFinding } from '../disks/mount-storage.ts';
import { readDisks } from '../disks/read-disks.ts';
import { hardwareWanted, readHardware } from '../hardware/read-hardware.ts';
import type { Identity } from '../identity/identity.ts';
import { identityFinding, identityLooks, identityOf } from '../identity/identity.ts';
import { hostUuids, livesOf } from '../identity/uuid-v5.ts';
import { networkFacts } from '../network/plan-facts.ts';
import { identityOfNode, nodeOfAnother } from '../node/names.ts';
import { flawsOf, readConformance } from '../system/conformance.ts';

/**
 * Looks at a host and at its Node, and plans. It changes nothing. A host that is not the one that is meant is not looked at any
 * further.
 * @throws every finding at once, HOST_UNKNOWN, SSH_FAILED
 */
export const onboardPlan = definePlan(
  'host.onboard',
  async ({ input }: PlanCall<HostOnboardInput>, deps: HostDeps, signal) => {
    const { serial } = input;
    const access = await deps.hosts(serial);
    const identity = identityOf(await look(access.ssh, identityLooks, { signal }), access.ssh.where);
    const finding = identityFinding(serial, identity);
    if (finding) return { ok: false as const, findings: [finding] };
    const wipes = (input.wipe ?? []).map(parseWipe);
    const facts = await factsOf(access, identity, deps, signal);
    return planOnboard(intentOf(access, wipes), facts);
  },
);

function intentOf(access: HostAccess, wipes: readonly Wipe[]): OnboardIntent {
  const { serial, config, class: hostClass } = access;
  const { storage, services, burnIn, densities, reserved, cpuOvercommit } = hostClass;
  return {
    ...{ serial, node: config.node, class: config.class, wipes },
    hardware: hardwareWanted(access),
    mountPoint: storage.mountPoint,
    initialSync: storage.initialSync,
    services: services.map(({ unit }) => unit),
    burnInMs: burnIn,
    shapes: densities,
    ...{ reserved, cpuOvercommit },
  };
}

async function factsOf(
  access: HostAccess,
  { hostname, bootId, record }: Identity,
  deps: HostDeps,
  signal: AbortSignal,
): Promise<OnboardFacts> {
  const { ssh, serial, config } = access;
  const lives = livesOf(serial);
  // They look at different things, over one connection.
  const [node, found, hardware, network, conformance] = await Promise.all([
    deps.nodes(serial, signal).get(config.node),
    readDisks(ssh, { disks: config.disks }, { signal }),
    readHardware(ssh, { signal }),
    networkFacts(access, signal),
    readConformance(access, signal),
  ]);
  let disks = found;
  const known = node && identityOfNode(node);
  const generation = generationOf({
    ...(record ? { record: record.generation } : {}),
    ...(known?.serial === serial && known.generation !== undefined ? { node: known.generation } : {}),
    ...{ lives, disks },
  });
  const uuids: HostUuids = hostUuids(serial, generation);
  // What lies on the array is looked at where there is one of this life.
  if (disks.arrays.some(({ uuid, active }) => active && sameUuid(uuid, uuids.array))) {
    disks = await readDisks(ssh, { disks: config.disks, uuids }, { signal });
  }
  const flaws = flawsOf(conformance);
  const taken = node && nodeOfAnother(node, { serial, generation });
  const mount = await mountFinding({ serial, generation }, access, { signal });
  const findings: Finding[] = [
    ...(taken === undefined ? [] : [{ code: 'HOST_NODE_TAKEN' as const, message: taken, place: config.node }]),
    ...(mount ? [mount] : []),
  ];
  return {
    ...{ hostname, bootId, generation, uuids, hardware, disks, flaws, findings },
    lives: livesOn(disks, lives),
    ...(network ? { network } : {}),
  };
}
