import type { CatalogueEntry } from './entry.ts';

/** Errors of the redis domain. */
export const redisErrors = {
  REDIS_UNKNOWN_GROUP: {
    meaning: 'The platform file has no Redis group of this name.',
    retryable: false,
    hint: '`gantry platform check` lists the groups; correct the name or the platform file.',
  },
} as const satisfies Record<string, CatalogueEntry>;
