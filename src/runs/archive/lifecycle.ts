import type { RunInput } from '../protocol.ts';

/** The steps of its runs. */
export const lifecycleSteps = ['reconcile-lifecycle'] as const;

/** The input of a run that brings the age rules of an archive's bucket to what the platform file says. */
export type ArchiveLifecycleInput = RunInput & {
  /** The archive's name in the platform file. */
  archive: string;
};
