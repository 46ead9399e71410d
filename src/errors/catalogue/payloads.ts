import type { CatalogueEntry } from './entry.ts';

/** Errors of what is too large for Temporal, and of the store that it goes to. */
export const payloadErrors = {
  PAYLOAD_UNWRITABLE: {
    meaning: 'Evidence that is too large for the history could not be written to the payload store.',
    retryable: true,
    hint: 'Look at the folder that `reports.evidence` of the platform file names: permissions, the disk. Then `gantry retry <id>`.',
  },
  PAYLOAD_MISSING: {
    meaning: 'Something that this run stored is not in the payload store of this worker.',
    retryable: true,
    hint: 'Every worker must see the folder that `reports.evidence` names: mount it, or put the file of the evidence back. Then `gantry retry <id>`.',
  },
  PAYLOAD_DAMAGED: {
    meaning: 'What is in the payload store is not what was written: its digest differs.',
    retryable: false,
    hint: 'Put the file back from a copy and `gantry retry <id>`, or undo by hand and `gantry skip <id> --accept-risk "<what you did>"`.',
  },
  PAYLOAD_TOO_LARGE: {
    meaning: 'A single piece of data that a run needs is too large to go through Temporal.',
    retryable: false,
    hint: 'Start a smaller run: fewer partitions, fewer moves. The step that the message names changed nothing.',
  },
  PLAN_TOO_LARGE: {
    meaning: 'The plan is too large to go through Temporal. Nothing was changed.',
    retryable: false,
    hint: 'Plan less at a time: `--max-moves`, fewer tables or partitions; the next run does the rest.',
  },
} as const satisfies Record<string, CatalogueEntry>;
