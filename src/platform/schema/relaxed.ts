import type { z } from 'zod';

/**
 * For a check over several values at once: it also runs where one of them is malformed, so that an operator sees every
 * problem in one go (zod's own default is to stop there). It gets an object or a list, whose fields may be anything.
 */
export const always = {
  when: ({ value }) => typeof value === 'object' && value !== null,
} satisfies z.core.$ZodSuperRefineParams;

/** Reports every item of a list whose `keyOf` an earlier item has too. Items without a key are let through. */
export function noTwins<T>(keyOf: (item: T) => string | undefined, message: (key: string) => string, field: string) {
  return (list: readonly T[], context: z.RefinementCtx): void => {
    const seen = new Set<string>();
    for (const [index, item] of (Array.isArray(list) ? (list as T[]) : []).entries()) {
      const key = typeof item === 'object' && item !== null ? keyOf(item) : undefined;
      if (key === undefined) continue;
      if (seen.has(key)) context.addIssue({ code: 'custom', message: message(key), path: [index, field] });
      seen.add(key);
    }
  };
}
