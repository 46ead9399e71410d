import { GantryError } from '../../src/errors/index.ts';
import { freePort } from '../ports.ts';
import type { TcpProxy } from './tcp-proxy.ts';
import { startTcpProxy } from './tcp-proxy.ts';

type Address = { host: string; port: number };

/** All of a kind: every place, or every node. */
const all = '*';
type Some = string | readonly string[];

/**
 * How a link is cut. `reset`: connections are reset and new ones refused, as by a firewall that rejects. `silence`: bytes
 * are swallowed and connections stay, as by one that drops; the other side is noticed by its timeouts alone.
 */
export type Cut = 'reset' | 'silence';

/**
 * The network between places (a vantage, the workers, the clients, a replica) and nodes: every ordered pair has a TCP
 * proxy of its own, so that any set of pairs can be parted while the rest still talks.
 *
 * ```ts
 * const links = await startLinks(['workers', 'clients', 'r2'], nodes);
 * links.route('clients', 'r1');              // the address under which clients find r1
 * await links.cut(['workers', 'r2'], 'r1');  // clients still reach it
 * await links.heal();
 * ```
 */
export type Links = {
  readonly places: readonly string[];
  /** Where `place` finds `node`. @throws GantryError LAB_PART_FAILED for a pair that there is not */
  route(place: string, node: string): Address;
  /** Parts places from nodes; `*` stands for all of them. */
  cut(places: Some, nodes: Some, how?: Cut): Promise<void>;
  /** Ends every cut. */
  heal(): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Starts a proxy for every pair of a place and a node. Whoever goes directly is not affected: give each place the
 * addresses that `route` tells.
 * @throws GantryError LAB_PART_FAILED
 */
export async function startLinks(
  places: readonly string[],
  nodes: readonly (Address & { name: string })[],
): Promise<Links> {
  const proxies = new Map<string, TcpProxy>();
  const key = (place: string, node: string): string => `${place}→${node}`;
  for (const place of places) {
    for (const { name, host, port } of nodes) {
      // Below the ephemeral range: a link that was cut finds its port free again.
      const proxy = await startTcpProxy({ target: { host, port }, listenPort: await freePort() });
      proxies.set(key(place, name), proxy);
    }
  }
  const proxyOf = (place: string, node: string): TcpProxy => {
    const proxy = proxies.get(key(place, node));
    if (!proxy) throw new GantryError('LAB_PART_FAILED', `there is no link from ${place} to ${node}`);
    return proxy;
  };
  const some = (which: Some, of: readonly string[]): readonly string[] =>
    which === all ? of : typeof which === 'string' ? [which] : which;
  const names = nodes.map(({ name }) => name);
  return {
    places,
    route: (place, node) => {
      const { host, port } = proxyOf(place, node);
      return { host, port };
    },
    async cut(which, to, how = 'reset') {
      const parted = some(which, places).flatMap((place) => some(to, names).map((node) => proxyOf(place, node)));
      for (const proxy of parted) {
        if (how === 'silence') proxy.drop();
        else await proxy.cut();
      }
    },
    heal: async () => void (await Promise.all([...proxies.values()].map((proxy) => proxy.heal()))),
    stop: async () => void (await Promise.all([...proxies.values()].map((proxy) => proxy.stop()))),
  };
}
