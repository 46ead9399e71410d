import type { TotalSpec } from '../../../runs/index.ts';

/** A declared total in words: `billed = sum(amount) by customer`. */
export function totalWords({ name, sum, by }: TotalSpec): string {
  const what = sum === undefined ? 'rows' : `sum(${sum})`;
  return `${name} = ${what}${by.length > 0 ? ` by ${by.join(', ')}` : ''}`;
}
