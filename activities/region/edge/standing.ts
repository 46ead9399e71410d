import type { AwsTags } from '../../../src/drivers/aws/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { RegionEdge } from '../../../src/runs/index.ts';
import type { Probe } from '../../../src/steps/index.ts';
import { blocked } from '../../../src/steps/index.ts';
import type { RegionDeps } from '../access/access.ts';
import { ownName } from '../access/tags.ts';

/** What another one made, and what Gantry made that is not as it should be, is neither changed nor taken away. */
export type Standing<T> =
  { state: 'missing' } | { state: 'same'; one: T } | { state: 'foreign' | 'different'; one: T; words: string };

/** How something that has Gantry's tags, or should have them, stands. `what`: its name among the region's objects. */
export function standingBy<T extends { id: string; tags: AwsTags }>(
  { owner }: RegionDeps,
  { region }: Pick<RegionEdge, 'region'>,
  what: string,
  one: T | undefined,
  wrong: (one: T) => readonly string[],
): Standing<T> {
  if (!one) return { state: 'missing' };
  if (ownName(owner, region, one) !== what)
    return { state: 'foreign', one, words: `${one.id} is there, and is not Gantry's ${what} of ${region}` };
  const words = wrong(one);
  return words.length === 0
    ? { state: 'same', one }
    : { state: 'different', one, words: `${one.id}: ${words.join('; ')}` };
}

type Value = string | number | readonly (string | undefined)[] | undefined;

/** Each value that is not what it should be, in words. */
export function wrongOnes(values: readonly (readonly [what: string, found: Value, wanted: Value])[]): string[] {
  return values.flatMap(([what, found, wanted]) => {
    const [has, should] = [inWords(found), inWords(wanted)];
    return has === should ? [] : [`its ${what} is ${has}, not ${should}`];
  });
}

function inWords(value: Value): string {
  if (value === undefined) return 'none';
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  return value.length === 0 ? 'none' : [...value].sort().join(', ');
}

/** What keeps a step from going on; nothing where it may. */
export function inTheWay<T, O>(standing: Standing<T>, seen: O): Probe<O> | undefined {
  if (standing.state === 'foreign') return blocked('REGION_EDGE_FOREIGN', seen, standing.words);
  if (standing.state === 'different') return blocked('REGION_EDGE_DIFFERS', seen, standing.words);
  return undefined;
}

/** What an undo takes back: that which is still as it was made. @throws REGION_UNDO_DIFFERS */
export function asItWasMade<T>(standing: Standing<T>): T | undefined {
  if (standing.state === 'missing') return undefined;
  if (standing.state === 'same') return standing.one;
  throw new GantryError('REGION_UNDO_DIFFERS', standing.words);
}
