import type { ErrorCode, Evidence } from '../../src/errors/index.ts';
import { GantryError, troubleOf } from '../../src/errors/index.ts';
import type { TroubleRecord } from '../../src/runs/index.ts';

/** A trouble that the run itself finds, with the catalogue's hint. */
export function simpleTrouble(code: ErrorCode, message: string, evidence: Evidence = {}): TroubleRecord {
  return troubleOf(new GantryError(code, message, { evidence }));
}
