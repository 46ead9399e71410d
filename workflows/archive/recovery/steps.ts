import type { PlannedStep } from '../../../src/runs/index.ts';

/** The steps that a restore and a drill have in common. */
export type RecoveryStep = PlannedStep<'archive.restore'> & PlannedStep<'archive.drill'>;
