import type { HookTarget } from '../../../src/drivers/programs/index.ts';
import type { IngestFence, SecretRef } from '../../../src/platform/index.ts';
import { platformHook } from './platform-hook.ts';

/** A fence of ingest that is made of programs. */
export type IngestPrograms = Exclude<IngestFence, { kind: 'quiet' }>;

/** The partition whose writers are meant. `unit`: the same for every retry. */
export type IngestTarget = { cluster: string; database: string; table: string; partition: string; unit: string };

/** @throws CLICKHOUSE_INGEST_NOT_HELD, SSH_FAILED */
export type IngestHooks = {
  /** Holds the writers back, or begins to. It may be called again. */
  close: (signal: AbortSignal) => Promise<void>;
  /** Whether no writer sends rows of the partition any more, with what was seen. */
  confirm: (signal: AbortSignal) => Promise<{ confirmed: boolean; evidence: string }>;
  /** Lets them go on. It may be called again. */
  open: (signal: AbortSignal) => Promise<void>;
};

const failure = { what: 'ingest fence', code: 'CLICKHOUSE_INGEST_NOT_HELD' } as const;

/** The programs of the platform file for one partition. @throws SECRET_NOT_FOUND from `secret` */
export function ingestHooks(
  programs: IngestPrograms,
  of: IngestTarget,
  secret: (ref: SecretRef) => string,
): IngestHooks {
  const target: HookTarget = of;
  const hook = (name: string, run: readonly string[]) => platformHook(programs, { name, run }, target, failure, secret);
  const [close, open] = [hook('close', programs.close), hook('open', programs.open)];
  return { close: close.run, confirm: close.confirm, open: open.run };
}
