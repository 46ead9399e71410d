import type { StepRuntime } from '../../src/steps/index.ts';
import { serve } from '../../src/steps/index.ts';
import type { ArchiveDeps } from './access/access.ts';
import { audit } from './audit/index.ts';
import { backup } from './backup/index.ts';
import { drill } from './drill/index.ts';
import type { RecoveryDeps } from './recovery/access.ts';
import { restore } from './restore/index.ts';
import { lifecycle } from './lifecycle/index.ts';

export type ArchiveActivityOptions = Omit<ArchiveDeps & RecoveryDeps, 'payloads'> & { runtime: StepRuntime };

/** The activities of the archive domain, by the names that Temporal knows them under. */
export type ArchiveActivities = ReturnType<typeof createArchiveActivities>;

/** What brings backups back, and what asks whether they could be. */
export const recoveryDefinitions = { ...restore, ...drill, ...audit };

/** Every step and plan of the domain; what several procedures take is there once. */
export const archiveDefinitions = { ...backup, ...lifecycle, ...recoveryDefinitions };

/** Steps and their drivers → the activities that an archive worker serves. */
export function createArchiveActivities({ runtime, ...deps }: ArchiveActivityOptions) {
  return serve(archiveDefinitions, { ...deps, payloads: runtime.payloads }, runtime);
}
