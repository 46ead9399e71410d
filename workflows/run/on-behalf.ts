import type { RunInput } from '../../src/runs/index.ts';

/** Who asked for a run and why, for the runs that it starts: they are made on behalf of the same person. */
export function onBehalf({ requestedBy, reason }: RunInput): Pick<RunInput, 'requestedBy' | 'reason'> {
  return {
    ...(requestedBy === undefined ? {} : { requestedBy }),
    ...(reason === undefined ? {} : { reason }),
  };
}
