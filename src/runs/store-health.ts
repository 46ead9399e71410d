import { cutText } from './excerpt.ts';

/** One thing that is wrong with a store, and at what: a node, or a table on one. `code` is one of the catalogue. */
export type StoreProblem = { code: string; message: string; at: string };

/** What a gate says of a store (a Redis group, a ClickHouse cluster). */
export type StoreHealth = {
  problems: number;
  /** The first of them in words; what is more is counted. */
  words: string;
  /** The first ten. */
  first: readonly StoreProblem[];
};

export type RedisGroupHealth = StoreHealth & { primary?: string };
/** `checks`: how many readings were compared with their limits. */
export type ClickHouseClusterHealth = StoreHealth & { checks: number };

const mostProblems = 10;
const mostWords = 3;
const messageCharacters = 200;

/** Everything that is wrong with a store → what a gate keeps of it. Pure. */
export function storeHealth(all: readonly StoreProblem[]): StoreHealth {
  const first = all
    .slice(0, mostProblems)
    .map(({ code, message, at }) => ({ code, message: cutText(message, messageCharacters), at }));
  const said = first.slice(0, mostWords).map(({ code, message, at }) => `${at}: ${code}: ${message}`);
  const more = all.length - said.length;
  const words = [...said, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
  return { problems: all.length, words: words === '' ? 'nothing is wrong' : words, first };
}
