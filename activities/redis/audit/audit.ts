import { GantryError, problem } from '../../../src/errors/index.ts';
import type { Finding, GroupFacts, NodeFacts } from '../../../src/planning/redis/index.ts';
import { auditGroup } from '../../../src/planning/redis/index.ts';
import type { RedisAudit, RedisAuditInput } from '../../../src/runs/index.ts';
import { plainActivity } from '../../../src/steps/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import { readFacts } from '../group/read-facts.ts';

const probeKey = 'gantry:probe';
/** A write that is not answered within this is held back by a pause. Milliseconds. */
const probeMs = 300;

/**
 * What a terminated run, or anybody else, may have left behind. It changes no role and no setting; since 7.0 has no field
 * that shows a write pause, it writes one small key (`gantry:probe`) on each primary to see whether writes are answered.
 */
export function auditActivity(
  { groups }: RedisDeps,
  groupNames: readonly string[],
): (input: RedisAuditInput) => Promise<RedisAudit> {
  return plainActivity(async ({ group }, signal) => {
    const names = group === undefined ? groupNames : [group];
    return {
      groups: await Promise.all(
        names.map(async (name) => {
          const access = await accessTo(name, groups);
          return access instanceof GantryError
            ? { group: name, findings: [problem(access.code, access.message)] }
            : auditOne(name, access, signal);
        }),
      ),
    };
  });
}

/** A group that can't be reached into (a secret is missing) is a finding of that group: the others are looked at all the same. */
async function accessTo(name: string, groups: RedisDeps['groups']): Promise<RedisGroupAccess | GantryError> {
  try {
    return await groups(name);
  } catch (error) {
    if (error instanceof GantryError && error.code !== 'REDIS_UNKNOWN_GROUP') return error;
    throw error;
  }
}

async function auditOne(
  group: string,
  access: RedisGroupAccess,
  signal: AbortSignal,
): Promise<RedisAudit['groups'][number]> {
  const facts = await readFacts(access, signal);
  const primaries = facts.nodes.filter(isPrimary);
  const probes = await Promise.all(primaries.map(({ name }) => probeWrite(access, name)));
  const findings = [...auditGroup(access.config, facts), ...probes.flat()];
  const [primary] = primaries;
  return {
    group,
    ...(primaries.length === 1 && primary ? { primary: primary.name } : {}),
    ...(isUntouched(facts) ? { untouched: true } : {}),
    findings: findings.map(({ code, message, place }) => problem(code, message, place)),
  };
}

/** Whether no run has changed the group yet, as far as its nodes can be seen. */
function isUntouched({ nodes, discovery }: GroupFacts): boolean {
  const seen = nodes.flatMap(({ reading }) => (reading ? [reading.epoch] : []));
  return seen.length > 0 && seen.every((epoch) => epoch === 0) && !(discovery.kind === 'entry' && discovery.epoch > 0);
}

function isPrimary(node: GroupFacts['nodes'][number]): node is NodeFacts & { reading: object } {
  return node.reading?.role === 'primary';
}

async function probeWrite(access: RedisGroupAccess, name: string): Promise<Finding[]> {
  try {
    // Timed out, the connection is closed, and with it what the node held back.
    const node = await access.connect(name, { commandTimeoutMs: probeMs });
    try {
      await node.set(probeKey, new Date().toISOString());
    } finally {
      node.close();
    }
    return [];
  } catch (error) {
    if (!(error instanceof GantryError)) throw error;
    if (error.code !== 'REDIS_TIMEOUT') return [{ code: error.code, message: error.message, place: name }];
    const message = `${name} did not answer a write within ${probeMs} ms: a write pause is in force, or it is overloaded`;
    return [{ code: 'REDIS_WRITES_PAUSED', message, place: name }];
  }
}
