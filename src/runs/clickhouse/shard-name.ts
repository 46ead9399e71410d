const shardWord = 'shard-';

/** A shard as plans and reports name it: `shard-2`. */
export function shardName(shard: number): string {
  return `${shardWord}${shard}`;
}

/** The number of a shard that `shardName` named. */
export function shardNumber(name: string): number {
  return Number(name.slice(shardWord.length));
}
