import type { CatalogueEntry } from './entry.ts';

/** Errors of the platform file. */
export const platformErrors = {
  PLATFORM_INVALID: {
    meaning: 'The platform file is malformed. Every problem is listed with line and column.',
    retryable: false,
    hint: 'Correct the listed places and run `gantry platform check`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
