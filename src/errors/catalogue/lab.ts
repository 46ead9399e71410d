import type { CatalogueEntry } from './entry.ts';

/** Errors of the lab: parts that are missing or do not start. */
export const labErrors = {
  LAB_PART_MISSING: {
    meaning: 'A program that the lab needs is not on this machine.',
    retryable: false,
    hint: 'Run the command that the message names, or `make setup`.',
  },
  LAB_PART_FAILED: {
    meaning: 'A part of the lab did not start or ended early; its log is in the evidence.',
    retryable: true,
    hint: 'Read the log that the evidence names; `gantry lab down` clears what is left.',
  },
} as const satisfies Record<string, CatalogueEntry>;
