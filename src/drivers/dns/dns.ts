import { Resolver } from 'node:dns/promises';
import { isIP } from 'node:net';

/** What one server says of a name: its addresses, none where it says that there are none; or why it says nothing. */
export type DnsAnswer = { server: string } & ({ addresses: readonly string[] } | { silent: string });

export type Dns = {
  /** Asks each of these servers itself, by address (`192.0.2.1`, `127.0.0.1:5353`, `[::1]:53`) or by name. */
  askEach(servers: readonly string[], name: string): Promise<readonly DnsAnswer[]>;
  /** As a client would find it, by the resolvers of this machine, or those that `resolvers` names. */
  resolve(name: string): Promise<DnsAnswer>;
};

export type DnsOptions = {
  /** For one try; 2,000 unless given. Milliseconds. */
  timeoutMs?: number;
  /** In place of those of this machine: addresses. */
  resolvers?: readonly string[];
  signal?: AbortSignal;
};

/** A server said that there is no such name, or no address of it. Everything else is no answer. */
const saidNone: readonly string[] = ['ENOTFOUND', 'ENODATA'];
/** A datagram may be lost. */
const tries = 2;

/** Questions about IPv4 addresses, by DNS itself: neither `/etc/hosts` nor a cache answers. */
export function dnsQuestions({ timeoutMs = 2_000, resolvers, signal }: DnsOptions = {}): Dns {
  const ask = async (server: string, name: string, addresses: readonly string[] | undefined): Promise<DnsAnswer> => {
    signal?.throwIfAborted();
    // One for each question: what it remembers goes with it, and a cancel ends this question alone.
    const resolver = new Resolver({ timeout: timeoutMs, tries });
    if (addresses) resolver.setServers([...addresses]);
    const cancel = (): void => resolver.cancel();
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      // With a dot at the end no search domain is tried.
      return { server, addresses: (await resolver.resolve4(`${name.replace(/\.$/, '')}.`)).sort() };
    } catch (error) {
      signal?.throwIfAborted();
      const code = (error as NodeJS.ErrnoException).code ?? 'no code';
      return saidNone.includes(code) ? { server, addresses: [] } : { server, silent: code };
    } finally {
      signal?.removeEventListener('abort', cancel);
    }
  };
  const resolve = async (name: string): Promise<DnsAnswer> =>
    ask(resolvers?.join(', ') ?? 'the resolver', name, resolvers);
  return {
    resolve,
    askEach: async (servers, name) =>
      Promise.all(
        servers.map(async (server): Promise<DnsAnswer> => {
          if (isAddress(server)) return ask(server, name, [server]);
          const found = await resolve(server);
          if ('silent' in found) return { server, silent: `its own address: ${found.silent}` };
          if (found.addresses.length === 0) return { server, silent: 'it has no address' };
          return ask(server, name, found.addresses);
        }),
      ),
  };
}

/** An address, with a port or without. */
function isAddress(server: string): boolean {
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(server)?.[1] ?? (isIP(server) ? server : server.replace(/:\d+$/, ''));
  return isIP(bare) !== 0;
}
