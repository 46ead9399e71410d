/**
 * What a Distributed table is over, and by which expression it places rows: '' where it has none. `policy`: of the volumes on
 * which rows wait for another shard.
 */
export type DistributedEngine = { cluster: string; database: string; table: string; key: string; policy?: string };

/** Settings of an engine, in their order. */
type EngineSettings = readonly (readonly [name: string, value: string | number])[];

const written = /^Distributed\((.*?)\)(?: SETTINGS (.*))?$/s;

/** Reads `Distributed(cluster, database, table, key, policy)` as servers write it; undefined for any other engine. */
export function distributedEngine(engineFull: string): DistributedEngine | undefined {
  const inside = written.exec(engineFull)?.[1];
  if (inside === undefined) return undefined;
  const [cluster = '', database = '', table = '', key = '', policy] = argumentsOf(inside).map(unquoted);
  return { cluster, database, table, key, ...(policy === undefined ? {} : { policy }) };
}

/** The settings of a Distributed table's engine: `[['fsync_after_insert', 1]]`. */
export function distributedSettings(engineFull: string): EngineSettings {
  const settings = written.exec(engineFull)?.[2];
  return (settings === undefined ? [] : argumentsOf(settings)).flatMap((one) => {
    const [, name, value = ''] = /^(\w+) = (.*)$/s.exec(one) ?? [];
    return name === undefined ? [] : [[name, /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : unquoted(value)] as const];
  });
}

/**
 * How rows come to their shards. `bound`: the key is known to stay below it, so that what lies at a greater sum of weights
 * never takes a row of it.
 */
export type Placement = { kind: 'random' } | { kind: 'key'; bound?: number };

/** Whether a Distributed table's key places rows by what is in them. Without a key nothing is placed. */
export function placementBy(key: string): Placement {
  if (key === '' || /^rand(32|64)?\(\)$/.test(key)) return { kind: 'random' };
  const bound = remainderBound(key) ?? listBound(key);
  return bound === undefined ? { kind: 'key' } : { kind: 'key', bound };
}

/** Hashes without a sign: the remainder of a negative number lies elsewhere. */
const unsignedHash = /^(?:city|sip|farm|metro|xx|int)Hash(?:32|64)$|^murmurHash[23]_(?:32|64)$|^halfMD5$/;

/** `cityHash64(customer) % 64`, the remainder being all of the expression. */
function remainderBound(key: string): number | undefined {
  const [, hash, inside, divisor] = /^(\w+)\((.*)\) % (\d+)$/s.exec(bare(key)) ?? [];
  if (hash === undefined || inside === undefined || !unsignedHash.test(hash) || !isBalanced(inside)) return undefined;
  return Number(divisor);
}

/** A place in a list of numbers, `[0, 1, 1][…]` or `arrayElement([0, 1, 1], …)`: whatever the place, it is one of them. */
function listBound(key: string): number | undefined {
  const [, written, at] = /^\[(\d+(?:, ?\d+)*)\]\[(.*)\]$/s.exec(bare(key)) ?? [];
  const [, called, place] = /^arrayElement\(\[(\d+(?:, ?\d+)*)\], (.*)\)$/s.exec(bare(key)) ?? [];
  const list = written ?? called;
  if (list === undefined || !isBalanced(at ?? place ?? '')) return undefined;
  return Math.max(...list.split(',').map(Number)) + 1;
}

/** Without brackets around the whole. */
function bare(text: string): string {
  const inside = /^\((.*)\)$/s.exec(text)?.[1];
  return inside !== undefined && isBalanced(inside) ? bare(inside) : text;
}

/** Every bracket that closes was opened before, and the other way round. */
function isBalanced(text: string): boolean {
  let depth = 0;
  for (const char of text) {
    if (char === '(' || char === '[') depth += 1;
    else if (char === ')' || char === ']') depth -= 1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

/** Split at the commas that are in no brackets and no quotes. */
function argumentsOf(text: string): string[] {
  const list: string[] = [''];
  let [depth, quote] = [0, ''];
  for (const char of text) {
    if (quote) quote = char === quote ? '' : quote;
    else if (char === "'" || char === '`') quote = char;
    else if (char === '(' || char === '[') depth += 1;
    else if (char === ')' || char === ']') depth -= 1;
    else if (char === ',' && depth === 0) {
      list.push('');
      continue;
    }
    list.push(`${list.pop() ?? ''}${char}`);
  }
  return list.map((one) => one.trim());
}

function unquoted(text: string): string {
  return /^(['`])(.*)\1$/s.exec(text)?.[2] ?? text;
}
