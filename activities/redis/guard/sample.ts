import type { RedisNode, Replication } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { WatchTick, WriteSafety } from '../../../src/planning/redis/index.ts';
import { lagsOf, sameAddress } from '../../../src/planning/redis/index.ts';
import type { RedisDeps, RedisGroupAccess } from '../access/access.ts';
import { isAbsence, withNode } from '../access/access.ts';
import { readDiscovery } from '../group/read-facts.ts';
import { writeSafetyOf } from '../writes/write-safety.ts';

/** Reads the offset of whichever node is primary by what clients are told. */
export type Sampler = {
  /** One reading, or why there is none. Never throws but for a mistake in our own code. */
  tick: () => Promise<WatchTick>;
  /** @throws what getting into the group gives */
  access: () => Promise<RedisGroupAccess>;
  /** Probes in a row without an answer that make a primary silent; as the vantages of a failover count. */
  probes: () => number;
  probeEveryMs: () => number;
  close: () => void;
};

/** The discovery is asked again at least this often, and whenever the primary is not as it was. Milliseconds. */
const discoveryEveryMs = 30_000;

export type SamplerOptions = {
  group: string;
  groups: RedisDeps['groups'];
  /** The primary, if it is known. */
  known: string | undefined;
  /** Temporal's time, in milliseconds. */
  clock: () => number;
};

export function createSampler({ group, groups, known, clock }: SamplerOptions): Sampler {
  let opened: RedisGroupAccess | undefined;
  let primary = known;
  let connection: { node: RedisNode; name: string } | undefined;
  let readAt = -Infinity;
  let reading: Promise<void> | undefined;
  /** Why no primary is known, or why the discovery names none. */
  let trouble: GantryError | undefined;

  const access = async (): Promise<RedisGroupAccess> => (opened ??= await groups(group));
  const drop = (): void => {
    connection?.node.close();
    connection = undefined;
  };

  /** Beside the sampling: a discovery that hangs must not keep the probes from a primary that dies. */
  const refresh = (from: RedisGroupAccess): Promise<void> =>
    (reading ??= whoIsPrimary(from, primary)
      .then((name) => {
        primary = name;
        trouble = undefined;
      })
      .catch((error: unknown) => {
        trouble = error instanceof GantryError ? error : new GantryError('UNEXPECTED', String(error), { cause: error });
      })
      .finally(() => {
        readAt = performance.now();
        reading = undefined;
      }));

  const connect = async (from: RedisGroupAccess, name: string): Promise<RedisNode> => {
    const { probeTimeoutMs } = from.config.failover;
    const node = await from.connect(name, { connectTimeoutMs: probeTimeoutMs, commandTimeoutMs: probeTimeoutMs });
    connection = { node, name };
    return node;
  };

  const read = async (from: RedisGroupAccess, name: string): Promise<Read> => {
    if (connection && connection.name !== name) drop();
    const old = connection?.node;
    if (old) {
      try {
        return await readingOf(old);
      } catch (error) {
        drop();
        // A connection that was killed (a handover does that) says nothing of the node.
        if (!(error instanceof GantryError) || error.code !== 'REDIS_UNREACHABLE') throw error;
      }
    }
    try {
      return await readingOf(await connect(from, name));
    } catch (error) {
      drop();
      throw error;
    }
  };

  const sample = async (from: RedisGroupAccess, name: string): Promise<WatchTick> => {
    const at = new Date(clock()).toISOString();
    try {
      const { seen, writeSafety } = await read(from, name);
      if (seen.role === 'primary') {
        const lags = lagsOf(seen.offset, seen.replicas, from.config.nodes);
        const own = writeSafety && { ...writeSafety, replicas: lags.map(({ replica }) => replica) };
        return { kind: 'sample', sample: { node: name, offset: seen.offset, at, ...(own ? { own } : {}) }, lags };
      }
      const message = `${name}, which was primary or which the discovery names, says that it is a replica`;
      return { kind: 'trouble', code: 'REDIS_ROLES_CHANGED', message, answered: name };
    } catch (error) {
      if (!(error instanceof GantryError)) throw error;
      if (error.code === 'REDIS_UNREACHABLE' || error.code === 'REDIS_TIMEOUT') {
        return { kind: 'silent', node: name, at, why: error.message };
      }
      return { kind: 'trouble', code: error.code, message: `${name}: ${error.message}`, answered: name };
    }
  };

  return {
    access,
    tick: async () => {
      try {
        const from = await access();
        if (primary === undefined) await refresh(from);
        if (primary === undefined) return troubleTick(trouble);
        const tick = await sample(from, primary);
        if (tick.kind !== 'sample' || performance.now() - readAt >= discoveryEveryMs) void refresh(from);
        return tick;
      } catch (error) {
        if (error instanceof GantryError) return troubleTick(error);
        throw error;
      }
    },
    probes: () => opened?.config.failover.probes ?? 1,
    probeEveryMs: () => opened?.config.failover.probeEveryMs ?? 1_000,
    close: drop,
  };
}

type Read = { seen: Replication; writeSafety: WriteSafety | undefined };

/** What a primary says of itself: whether it has a lease once it is cut off can't be asked any more then. */
async function readingOf(node: RedisNode): Promise<Read> {
  const seen = await node.replication();
  if (seen.role !== 'primary') return { seen, writeSafety: undefined };
  try {
    return { seen, writeSafety: await writeSafetyOf(node) };
  } catch (error) {
    if (error instanceof GantryError && error.code === 'REDIS_NO_PERMISSION') return { seen, writeSafety: undefined };
    throw error;
  }
}

function troubleTick(error: GantryError | undefined): WatchTick {
  if (!error)
    return { kind: 'trouble', code: 'REDIS_NO_PRIMARY', message: 'neither the discovery nor a node names a primary' };
  return { kind: 'trouble', code: error.code, message: error.message };
}

/**
 * The primary by what clients are told. Where they are told nothing: the one that is known; else the only node that says it
 * is primary. @throws DISCOVERY_DISAGREES, REDIS_NO_PRIMARY, and what the discovery's own trouble is where nothing is known
 */
async function whoIsPrimary(access: RedisGroupAccess, known: string | undefined): Promise<string> {
  const { nodes } = access.config;
  const told = await readDiscovery(access);
  if (told.kind === 'entry') {
    const node = nodes.find((one) => sameAddress(one, told.primary));
    if (node) return node.name;
    const where = `${told.primary.host}:${told.primary.port}`;
    throw new GantryError('DISCOVERY_DISAGREES', `the discovery names ${where}, which is no node of the group`);
  }
  if (known !== undefined) return known;
  if (told.kind === 'problem') throw new GantryError(told.code, told.message);
  const primaries = (await Promise.all(nodes.map(({ name }) => primaryName(access, name)))).flat();
  const [only, ...more] = primaries;
  if (only !== undefined && more.length === 0) return only;
  const words = more.length > 0 ? `${primaries.join(' and ')} both say that they are primary` : 'no node says it is';
  throw new GantryError('REDIS_NO_PRIMARY', `the discovery knows no primary, and ${words}`);
}

async function primaryName(access: RedisGroupAccess, name: string): Promise<string[]> {
  try {
    return (await withNode(access, name, (node) => node.replication())).role === 'primary' ? [name] : [];
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
}
