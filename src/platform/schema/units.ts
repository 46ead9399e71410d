import { z } from 'zod';

const durationUnits = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Decimal units as vendors print them on disks, binary ones as kernels and Redis count. */
const sizeUnits = {
  B: 1,
  kB: 1e3,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
} as const;

const durationPattern = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
const sizePattern = /^(\d+(?:\.\d+)?)(B|[kK]B|MB|GB|TB|KiB|MiB|GiB|TiB)$/;

/** `15m`, `24h`, `7d`, `500ms` → milliseconds; undefined for anything else. A day is 24 hours. */
export function parseDuration(text: string): number | undefined {
  return scaled(durationPattern.exec(text), durationUnits);
}

/** `500GB`, `1MiB` → bytes; undefined for anything else. `kB…TB` are powers of 1000, `KiB…TiB` powers of 1024. */
export function parseSize(text: string): number | undefined {
  return scaled(sizePattern.exec(text), sizeUnits);
}

function scaled(match: RegExpExecArray | null, units: Readonly<Record<string, number>>): number | undefined {
  const factor = units[match?.[2] ?? ''];
  if (!match || factor === undefined) return undefined;
  const value = Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A duration of the file; its parsed value is milliseconds. */
export const duration = z
  .string({ error: 'a duration is text such as 500ms, 15m, 24h or 7d' })
  .regex(durationPattern, { error: 'not a duration: write 500ms, 30s, 15m, 24h or 7d' })
  .transform(toNumber(parseDuration, 'this duration is too long to count'))
  .meta({ examples: ['500ms', '15m', '24h', '7d'] });

/** A size of the file; its parsed value is bytes. */
export const size = z
  .string({ error: 'a size is text such as 500GB or 1MiB' })
  .regex(sizePattern, { error: 'not a size: write 512B, 1MiB, 16GiB, 500GB or 4TB' })
  .transform(toNumber(parseSize, 'this size is too large to count'))
  .meta({ examples: ['1MiB', '500GB'] });

function toNumber(parse: (text: string) => number | undefined, tooLarge: string) {
  return (text: string, context: z.RefinementCtx): number => {
    const value = parse(text);
    if (value !== undefined) return value;
    context.addIssue({ code: 'custom', message: tooLarge, input: text });
    return z.NEVER;
  };
}

/** `T` with the keys of `M` under the names that `M` gives; optional ones stay optional. */
export type Renamed<T, M extends Readonly<Record<string, string>>> = {
  [K in keyof T as K extends keyof M ? M[K] : K]: T[K];
};

/**
 * A transform that puts the unit into the name: the file says `pause: 3s`, the code reads `pauseMs: 3000`.
 * Keys that the value lacks stay away.
 */
export function rename<const M extends Readonly<Record<string, string>>>(names: M) {
  return <T extends object>(value: T): Renamed<T, M> =>
    Object.fromEntries(Object.entries(value).map(([key, held]) => [names[key] ?? key, held as unknown])) as Renamed<
      T,
      M
    >;
}
