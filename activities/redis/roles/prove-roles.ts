import { GantryError } from '../../../src/errors/index.ts';
import type { DiscoveryFacts, NodeRef, NewOrder } from '../../../src/planning/redis/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';
import { blocked, defineStep, done, todo } from '../../../src/steps/index.ts';
import type { RedisNode, Replication } from '../../../src/drivers/redis/index.ts';
import type { RedisDeps } from '../access/access.ts';
import type { GroupNodeSeen } from '../group/read.ts';
import { readGroup, roleFaults, withGroup } from '../group/read.ts';
import { readDiscovery } from '../group/read-facts.ts';

const proofKey = 'gantry:proof';
const acknowledgeMs = 1_000;

type NodeProof = GroupNodeSeen & { epoch: number; replicaof: string; hasProof: boolean };
type Proof = { nodes: NodeProof[]; discovery: DiscoveryFacts };

/**
 * The gate behind a handover: one primary, all others linked to it, one epoch everywhere, the roles persisted, a write of
 * this very step on every node, and a discovery that says the same. A config file can't be read from afar: the proving
 * write is made only after every node has answered a rewrite under the role that it should have, so it vouches for the
 * files too.
 */
export const proveRoles = defineStep<NewOrder, Proof, RedisDeps>({
  name: 'redis.prove-roles',
  probe: async (data, { groups }, { unit }) => {
    const access = await groups(data.group);
    const [nodes, discovery] = await Promise.all([
      withGroup(access, data, (members) => proofsOf(members, unit)),
      readDiscovery(access),
    ]);
    const seen = { nodes, discovery };
    const primaries = nodes.filter(({ role }) => role === 'primary');
    if (primaries.length > 1) {
      return blocked('REDIS_SPLIT_BRAIN', seen, `${primaries.map(({ name }) => name).join(' and ')} are primary`);
    }
    const faults = faultsOf(seen, data);
    if (faults.length) return todo(seen, faults.join('; '));
    return done(
      seen,
      `${data.candidate.name} is the only primary, ${nodes.length - 1} replicas linked, discovery agrees`,
    );
  },
  /** Persists the roles and writes the proof; what else is missing has to come by itself within the time to settle. */
  apply: async (data, seen, { groups }, { unit }) =>
    withGroup(await groups(data.group), data, async ([primary, ...replicas]) => {
      if (!primary || seen.nodes.every(({ hasProof }) => hasProof)) return;
      const written = await Promise.all([primary, ...replicas].map(({ node }) => node.persistRole()));
      // No proof of what is not so: the next look says what it is.
      if (!arePlanned(written, data)) return;
      await primary.node.set(proofKey, unit);
      const acknowledged = await primary.node.waitReplicas(replicas.length, acknowledgeMs);
      if (acknowledged >= replicas.length) return;
      const message = `${acknowledged} of ${replicas.length} replicas acknowledged a write within ${acknowledgeMs} ms`;
      throw new GantryError('REDIS_NOT_ENOUGH_REPLICAS', message, { evidence: { node: data.candidate.name } });
    }),
});

function arePlanned([primary, ...replicas]: readonly Replication[], { candidate }: NewOrder): boolean {
  return primary?.role === 'primary' && replicas.every(({ follows }) => follows && sameAddress(follows, candidate));
}

async function proofsOf(members: readonly { ref: NodeRef; node: RedisNode }[], unit: string): Promise<NodeProof[]> {
  const seen = await readGroup(members);
  return Promise.all(
    seen.map(async (one, index): Promise<NodeProof> => {
      const node = members[index]?.node;
      if (!node) throw new TypeError('as many nodes as were looked at');
      const [epoch, config, proof] = [
        await node.epoch(),
        await node.configGet(['replicaof']),
        await node.get(proofKey),
      ];
      return { ...one, epoch, replicaof: config['replicaof'] ?? '', hasProof: proof === unit };
    }),
  );
}

function faultsOf({ nodes, discovery }: Proof, data: NewOrder): string[] {
  const [primary] = nodes;
  const faults = roleFaults(nodes, data);
  for (const node of nodes) {
    const wanted = node === primary ? '' : `${data.candidate.host} ${data.candidate.port}`;
    if (node.replicaof !== wanted) faults.push(`replicaof of ${node.name} is "${node.replicaof}"`);
    if (node.epoch !== primary?.epoch) faults.push(`${node.name} has epoch ${node.epoch}, not ${primary?.epoch}`);
    if (!node.hasProof) faults.push(`${node.name} has not got the proving write`);
  }
  if (discovery.kind === 'problem') faults.push(`the discovery gives no answer: ${discovery.message}`);
  else if (discovery.kind === 'nothing') faults.push('the discovery knows no primary');
  else if (!sameAddress(discovery.primary, data.candidate)) {
    faults.push(`the discovery names ${discovery.primary.host}:${discovery.primary.port}`);
  }
  return faults;
}
