import { z } from 'zod';
import { text, url } from './names.ts';
import { secretRef } from './secret.ts';

/** Where the reports of finished runs are published, append-only. */
export const reports = z.strictObject({
  folder: text.default('.gantry/reports').describe('A folder that every control worker sees.'),
  evidence: text
    .exactOptional()
    .describe(
      'A folder that every worker sees, for evidence that is too large for the history; `evidence` in `folder` unless given.',
    ),
});

/** Whom a run tells that it waits, parks or ends. Both may be given. */
export const notify = z.strictObject({
  webhook: z.strictObject({ url, token: secretRef.exactOptional() }).exactOptional(),
  file: text.exactOptional().describe('A file to which each notification is appended as one JSON line.'),
});
