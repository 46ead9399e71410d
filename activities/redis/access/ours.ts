import { GantryError } from '../../../src/errors/index.ts';

/**
 * A refusal by the epoch in the newest attempt means that another client acts (an earlier attempt that woke up, another
 * run): look again instead of giving up, which STALE_ATTEMPT would mean.
 */
export async function ours<T>(act: Promise<T>): Promise<T> {
  try {
    return await act;
  } catch (error) {
    if (error instanceof GantryError && error.code === 'STALE_ATTEMPT') throw overtaken(error.message);
    throw error;
  }
}

export function overtaken(message: string): GantryError {
  return new GantryError('HANDOVER_OVERTAKEN', message);
}
