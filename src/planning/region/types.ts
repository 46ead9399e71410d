import type { ErrorCode } from '../../errors/index.ts';

/** Something that is in the way of a plan; the catalogue has the hint. */
export type Finding = { code: ErrorCode; message: string; place?: string };
