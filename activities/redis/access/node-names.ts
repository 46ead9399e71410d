import { lookup } from 'node:dns/promises';
import type { Endpoint } from '../../../src/drivers/redis/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import { sameAddress } from '../../../src/planning/redis/index.ts';

/** A lookup can't be ended; nobody waits longer for it than this. Milliseconds. */
const lookupMs = 1_000;

export type NodeNames = {
  /** Looks every node's name up that hasn't been yet. @throws REDIS_UNREACHABLE: a name does not resolve now */
  resolve: () => Promise<void>;
  /**
   * An address → the platform file's spelling of it if it is one of the nodes, else the address itself. Which of them it is
   * has to be certain: taken for a stranger's, the old primary's address would look like that of a new one.
   * @throws REDIS_UNREACHABLE: a name does not resolve now, so that it can't be told
   */
  spelling: (address: Endpoint) => Promise<Endpoint>;
};

/** A name's addresses. */
export type Lookup = (host: string) => Promise<readonly string[]>;

/**
 * The nodes of a group by the addresses that their names stand for, each name looked up once: what is resolved before writes
 * are held costs nothing, and can't fail, while they are.
 */
export function nodeNames(nodes: readonly Endpoint[], look: Lookup = addressesOf, withinMs = lookupMs): NodeNames {
  const known = new Map<string, Promise<readonly string[]>>();
  const addresses = (host: string): Promise<readonly string[]> => {
    const asked = known.get(host) ?? inTime(look(host), withinMs);
    known.set(host, asked);
    // A failure is not kept: the next one to ask may be luckier.
    asked.catch(() => known.delete(host));
    return asked;
  };
  const all = async (among: readonly Endpoint[]): Promise<readonly { node: Endpoint; at: readonly string[] }[]> => {
    const found = await Promise.allSettled(among.map(async (node) => ({ node, at: await addresses(node.host) })));
    const lost = found.flatMap((one, index) =>
      one.status === 'rejected' ? [`${among[index]?.host}: ${String(one.reason)}`] : [],
    );
    if (lost.length === 0) return found.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    throw new GantryError('REDIS_UNREACHABLE', `a name of the platform file does not resolve now: ${lost.join('; ')}`, {
      evidence: { unresolved: lost },
    });
  };
  return {
    resolve: async () => void (await all(nodes)),
    spelling: async (address) => {
      const exact = nodes.find((node) => sameAddress(node, address));
      if (exact) return { host: exact.host, port: exact.port };
      const samePort = nodes.filter(({ port }) => port === address.port);
      // One that is found is certain, whatever becomes of the other names.
      const found = await Promise.allSettled(samePort.map(({ host }) => addresses(host)));
      const index = found.findIndex((one) => one.status === 'fulfilled' && one.value.includes(address.host));
      const node = samePort[index];
      if (node) return { host: node.host, port: node.port };
      await all(samePort);
      return address;
    },
  };
}

async function addressesOf(host: string): Promise<readonly string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

async function inTime<T>(asked: Promise<T>, ms: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  try {
    return await Promise.race([
      asked,
      new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
      }),
    ]);
  } finally {
    clearTimeout(timer);
  }
}
