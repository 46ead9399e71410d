import type { ShardWeights } from '../../../runs/index.ts';
import type { ListedMember, ShardIntent, ShardServerFacts } from './types.ts';

/** A server as the platform file declares it. */
export type ListedServer = Pick<ShardServerFacts, 'server' | 'shard' | 'host' | 'port'>;

/** What a server lists: the weight of each shard, and what is not as the platform file says. */
export type Listing = { weights: ShardWeights; wrong: readonly string[] };

/** Compares what a server lists with the servers of the platform file. The shard's place in the list is its number. */
export function listingOf(listed: readonly ListedMember[], servers: readonly ListedServer[]): Listing {
  const weights: Record<string, number> = {};
  for (const { shard, weight } of listed) weights[String(shard)] = weight;
  const wrong = Object.keys(weights).flatMap((shard) => {
    const here = listed.filter((one) => String(one.shard) === shard);
    const wanted = servers.filter((one) => String(one.shard) === shard);
    const missing = wanted.filter((one) => !here.some((member) => isSame(member, one)));
    const foreign = here.filter((member) => !wanted.some((one) => isSame(member, one)));
    return [
      ...missing.map(({ server, host, port }) => `shard ${shard} lacks ${server} (${host}:${port})`),
      ...foreign.map(({ host, port }) => `shard ${shard} has ${host}:${port}, which is no server of it`),
    ];
  });
  return { weights, wrong };
}

/** By its name or by what that resolves to. */
function isSame({ host, address, port }: ListedMember, server: ListedServer): boolean {
  return port === server.port && (host === server.host || address === server.host);
}

/** In what a server's list is not the wanted one, in words; empty where it is. */
export function listingProblems(
  listed: readonly ListedMember[],
  servers: readonly ListedServer[],
  wanted: ShardWeights,
): string[] {
  const { weights, wrong } = listingOf(listed, servers);
  if (sameWeights(weights, wanted)) return [...wrong];
  return [`lists ${weightsInWords(weights) || 'no shard'}, not ${weightsInWords(wanted)}`, ...wrong];
}

export function sameWeights(a: ShardWeights, b: ShardWeights): boolean {
  return weightsInWords(a) === weightsInWords(b);
}

/** `1=1,2=1,3=0`: what a hook is given, and what people read. */
export function weightsInWords(weights: ShardWeights): string {
  return Object.entries(weights)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([shard, weight]) => `${shard}=${weight}`)
    .join(',');
}

export function sumOfWeights(weights: ShardWeights): number {
  return Object.values(weights).reduce((sum, weight) => sum + weight, 0);
}

/** How the list of shards comes to be another one, in words. */
export function changedHow({ hook, listedAs }: Pick<ShardIntent, 'hook' | 'listedAs'>): string {
  return hook ?? `by hand: the run waits until \`remote_servers\` of every server lists ${listedAs} so`;
}

/** The elements of `remote_servers` that a person adds or changes. User and password are as the other shards have them. */
export function asXml(weights: ShardWeights, servers: readonly ListedServer[]): string {
  return Object.entries(weights)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([shard, weight]) => {
      const replicas = servers
        .filter((one) => String(one.shard) === shard)
        .map(({ host, port }) => `<replica><host>${escaped(host)}</host><port>${port}</port>…</replica>`);
      return `<shard><weight>${weight}</weight><internal_replication>true</internal_replication>${replicas.join('')}</shard>`;
    })
    .join('');
}

function escaped(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
}
