import type { CatalogueEntry } from './entry.ts';

/** Errors of the platform file. */
export const platformErrors = {
  PLATFORM_INVALID: {
    meaning: 'The platform file is malformed. Every problem is listed with line and column.',
    retryable: false,
    hint: 'Correct the listed places and run `gantry platform check`.',
  },
  PLATFORM_NOT_FOUND: {
    meaning: 'There is no platform file at the configured path.',
    retryable: false,
    hint: 'Start one with `cp platform.example.yaml platform.yaml`, or correct the path that the evidence names.',
  },
  PLATFORM_UNREADABLE: {
    meaning: 'The platform file is there but cannot be read: a directory, no permission, or not UTF-8 text.',
    retryable: false,
    hint: 'Correct the file or its permissions, then run `gantry platform check`.',
  },
  PLATFORM_FILE_CHANGED: {
    meaning: 'Another program changed the platform file while Gantry worked on a new one. Nothing was written.',
    retryable: true,
    hint: 'Run the command again: it reads the file as it is now.',
  },
  PLATFORM_UNWRITABLE: {
    meaning: 'The platform file cannot be replaced: no permission in its folder, or no room. It is as it was.',
    retryable: false,
    hint: 'Correct what the message names, then run the command again. A file that is mounted read-only is changed where it comes from.',
  },
} as const satisfies Record<string, CatalogueEntry>;
