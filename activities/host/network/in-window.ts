import type { Ssh } from '../../../src/drivers/ssh/index.ts';
import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { Sight } from './confirm.ts';
import { freshly } from './confirm.ts';
import type { WindowStatus } from './window-status.ts';
import type { WindowOptions } from './window.ts';

type PlannedWindow = WindowOptions extends infer One ? (One extends unknown ? Omit<One, 'filesDigest'> : never) : never;

/** What is done in a window: how it is seen to work. */
export type InWindow = {
  options: PlannedWindow;
  /**
   * The digest of the files that a new window rests on. Asked before each one; one that is already open knows what it found.
   * @throws HOST_NETWORK_CHANGED where another actor changed the network
   */
  filesDigest: () => Promise<string>;
  /** Looks at what was applied; `withinMs` is what it may take to look right. */
  confirm: (id: string, withinMs: number) => Promise<{ confirmed: boolean; findings?: readonly string[] }>;
};

/** After the time of the window: the revert itself, and a boot where nothing else helps. Milliseconds. */
const graceMs = 300_000;
const everyMs = 1_000;
/** A predecessor's window is carried on where so much of it is left. Share. */
const worthCarryingOn = 1 / 3;
/** What the drills and the commit need after the first good look. Share of the window. */
const toLook = 1 / 2;

/**
 * Applies a change inside a window and commits it once it is confirmed. Whatever happens to the worker, the connection or the
 * power meanwhile, the host reverts what was not committed by itself. An attempt that follows finds the window by its unit: it
 * carries it on, or waits for its end and opens another one; there are never two at once.
 * @returns how the window ended, with what was confirmed in it
 * @throws HOST_NETWORK_BUSY, HOST_NETWORK_CHANGED, HOST_NETWORK_NOT_CONFIRMED, HOST_NETWORK_REVERTED, HOST_NETWORK_UNKNOWN,
 * HOST_NETWORK_REFUSED, SSH_FAILED
 */
export async function changeInWindow(
  sight: Sight,
  { options, filesDigest, confirm }: InWindow,
  { mustBeOurs, progress }: Pick<StepContext, 'mustBeOurs' | 'progress'>,
): Promise<{ id: string }> {
  const { access, windows, signal } = sight;
  const { ssh } = access;
  const { confirmWithinMs } = options;
  // The second window of an attempt is the last one: what closes it closes the next one too.
  for (let round = 1; round <= 2; round += 1) {
    mustBeOurs();
    const opened = await windows.open(ssh, { ...options, filesDigest: await filesDigest() }, { signal });
    if (opened.kind === 'changed')
      throw new GantryError(
        'HOST_NETWORK_CHANGED',
        `${access.serial}: the files of the network were changed meanwhile`,
      );
    if (opened.kind === 'other') throw await busy(sight, opened.id, opened.unit);
    const { id } = opened;
    progress({ window: id });
    const found = await windows.status(ssh, id, { signal });
    if (found.decided === 'committed') {
      await windows.commit(ssh, id, { signal });
      return { id };
    }
    if (opened.resumed && !canGoOn(found, confirmWithinMs)) {
      await revertNow(sight, id);
      await untilEnded(sight, id, confirmWithinMs);
      continue;
    }
    if (!found.deadman)
      throw new GantryError('HOST_NETWORK_REFUSED', `${access.serial}: the dead-man is not armed`, {
        evidence: { window: found },
      });
    mustBeOurs();
    if (!found.applied) await windows.start(ssh, id, 'apply', undefined, { signal });
    const looked = await confirm(id, confirmWithinMs * toLook);
    if (!looked.confirmed) {
      await revertNow(sight, id);
      const ended = await untilEnded(sight, id, confirmWithinMs);
      const findings = looked.findings ?? [];
      throw new GantryError('HOST_NETWORK_NOT_CONFIRMED', `${access.serial}: ${findings.join('; ')}`, {
        evidence: { findings, window: ended },
      });
    }
    mustBeOurs();
    const said = await freshly<'committed' | 'refused'>(sight, (fresh: Ssh) => windows.commit(fresh, id, { signal }));
    if (said === 'committed') return { id };
    await untilEnded(sight, id, confirmWithinMs);
  }
  throw new GantryError('HOST_NETWORK_REVERTED', `${access.serial}: the window closed before the commit, twice`);
}

function canGoOn({ leftS, deadman, reverting, decided }: WindowStatus, confirmWithinMs: number): boolean {
  if (decided !== undefined || reverting || !deadman) return false;
  return (leftS ?? 0) * 1_000 >= confirmWithinMs * worthCarryingOn;
}

/** The window of another run. One whose dead-man is gone (a person stopped its timer) would never end: it is reverted. */
async function busy(sight: Sight, id: string, unit: string): Promise<GantryError> {
  const { access, windows, signal } = sight;
  const status = await windows.status(access.ssh, id, { signal });
  if (!status.deadman && !status.reverting) await windows.start(access.ssh, id, 'revert', 'worker', { signal });
  return new GantryError('HOST_NETWORK_BUSY', `${access.serial}: the window ${id} of ${unit} is open`, {
    evidence: { window: status },
  });
}

/** Has the host go back now. It does so by itself when it cannot be reached. */
async function revertNow(sight: Sight, id: string): Promise<void> {
  try {
    await freshly(sight, async (ssh) => {
      const { decided, ended } = await sight.windows.status(ssh, id, { signal: sight.signal });
      if (decided === undefined && ended === undefined)
        await sight.windows.start(ssh, id, 'revert', 'worker', { signal: sight.signal });
    });
  } catch (error) {
    if (sight.signal.aborted || !(error instanceof GantryError)) throw error;
  }
}

/** Until the window is over and the host can be asked. @throws HOST_NETWORK_UNKNOWN when it cannot be, long after its end */
async function untilEnded(sight: Sight, id: string, confirmWithinMs: number): Promise<WindowStatus> {
  const deadline = performance.now() + confirmWithinMs + graceMs;
  let last: string;
  for (;;) {
    try {
      const status = await freshly<WindowStatus>(sight, (ssh) =>
        sight.windows.status(ssh, id, { signal: sight.signal }),
      );
      if (status.ended !== undefined) return status;
      last = `its window is ${status.decided ?? 'not decided'}`;
      if (!status.deadman && !status.reverting) await revertNow(sight, id);
    } catch (error) {
      if (sight.signal.aborted || !(error instanceof GantryError)) throw error;
      last = error.message;
    }
    if (performance.now() >= deadline)
      throw new GantryError('HOST_NETWORK_UNKNOWN', `${sight.access.serial}: no end of its window ${id}: ${last}`);
    await wait(everyMs, sight.signal);
  }
}
