import type { BackupTotal, ComparedTotal, TotalFigures } from '../../../runs/index.ts';

const shown = 3;

/**
 * Where staging's total is not that of the backup, in words; nothing where they are equal. Which groups differ is said where the
 * backup has each of them. Pure.
 */
export function totalDiffers(wanted: BackupTotal, seen: TotalFigures): string | undefined {
  const { name, by, value, groups, digest } = wanted;
  const equal = value === seen.value && groups === seen.groups;
  if (equal && digest.sum === seen.digest.sum && digest.xor === seen.digest.xor) return undefined;
  const [held, had] = [groupWords(seen, by), groupWords(wanted, by)];
  return `the total ${name} is ${held}, the backup had ${had}${differing(wanted, seen)}`;
}

function groupWords({ value, groups }: TotalFigures, by: readonly string[]): string {
  return by.length === 0 ? value : `${value} in ${groups} groups`;
}

function differing({ each: wanted, by }: BackupTotal, { each: seen }: TotalFigures): string {
  if (!wanted || !seen) return '';
  const values = (groups: NonNullable<TotalFigures['each']>): Map<string, string> =>
    new Map(groups.map(({ key, value }) => [JSON.stringify(key), value]));
  const [had, has] = [values(wanted), values(seen)];
  const others = [...new Set([...had.keys(), ...has.keys()])].filter((key) => had.get(key) !== has.get(key));
  if (others.length === 0) return '';
  const words = others.slice(0, shown).map((key) => {
    const named = (JSON.parse(key) as string[]).map((value, at) => `${by[at] ?? ''} ${value}`).join(', ');
    return `${named}: ${has.get(key) ?? 'none'} instead of ${had.get(key) ?? 'none'}`;
  });
  return ` (${words.join('; ')}${others.length > shown ? `; ${others.length - shown} more` : ''})`;
}

/** What was compared so far, and one more partition. Pure. */
export function withTotal(sofar: readonly ComparedTotal[], { name, value }: BackupTotal): readonly ComparedTotal[] {
  const known = sofar.find((one) => one.name === name) ?? { name, value: '0', partitions: 0 };
  const next = { name, value: added(known.value, value), partitions: known.partitions + 1 };
  return [...sofar.filter((one) => one !== known), next];
}

/** Totals in words: `billed 12.5`. */
export function totalsInWords(totals: readonly ComparedTotal[]): string {
  return totals.map(({ name, value }) => `${name} ${value}`).join(', ');
}

/** The sum of two decimals, exactly: amounts are no floats. */
export function added(a: string, b: string): string {
  const scale = Math.max(...[a, b].map((text) => text.split('.')[1]?.length ?? 0));
  const whole = (text: string): bigint => {
    const [digits = '0', fraction = ''] = text.split('.');
    return BigInt(`${digits}${fraction.padEnd(scale, '0')}`);
  };
  const total = whole(a) + whole(b);
  const digits = (total < 0n ? -total : total).toString().padStart(scale + 1, '0');
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, '');
  const front = digits.slice(0, digits.length - scale);
  return `${total < 0n ? '-' : ''}${front}${scale > 0 && fraction !== '' ? `.${fraction}` : ''}`;
}
