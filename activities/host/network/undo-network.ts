import { GantryError } from '../../../src/errors/index.ts';
import type { StepContext } from '../../../src/steps/index.ts';
import { wait } from '../../../src/steps/index.ts';
import type { SeenNetwork } from './change-network.ts';
import type { HostSight, Sight } from './confirm.ts';
import { freshly } from './confirm.ts';
import { changeInWindow } from './in-window.ts';
import { readNetwork } from './read-network.ts';
import { networkSpec } from './spec.ts';

const everyMs = 1_000;

/**
 * The network as the step's own window found it, inside a window of its own: an undo that does not work is reverted like a
 * change. A network that this step did not commit is left as it is.
 */
export async function undoNetwork(sight: HostSight, before: SeenNetwork, context: StepContext): Promise<void> {
  const { access, places, windows, signal } = sight;
  const { ssh, config } = access;
  const { bond } = access.class;
  const spec = networkSpec(config, bond);
  let state = await readNetwork(ssh, spec, places, { signal });
  const undoUnit = `${context.unit} undo`;
  // Cut off before its commit: it ends by itself, and nothing is left to undo.
  if (state.window && state.window.unit === context.unit) {
    const { id } = state.window;
    if (state.window.decided === undefined) await windows.start(ssh, id, 'revert', 'worker', { signal });
    while (state.window?.id === id) {
      await wait(everyMs, signal);
      state = await readNetwork(ssh, spec, places, { signal });
    }
  }
  const { committed } = state;
  if (!committed || committed.window === before.committed) return;
  const { unit, bond: name, cards } = await windows.facts(ssh, committed.window, { signal });
  if (unit !== context.unit) return;
  await changeInWindow(
    sight,
    {
      options: {
        ...{ unit: undoUnit, bond: name, cards, confirmWithinMs: bond.confirmWithinMs },
        restores: committed.window,
      },
      filesDigest: async () => (await readNetwork(ssh, spec, places, { signal })).filesDigest,
      confirm: (id, withinMs) => seenAsBefore(sight, id, committed.window, withinMs),
    },
    context,
  );
}

/** Over fresh connections: the host is reached, and its former addresses are back. */
async function seenAsBefore(
  sight: Sight,
  id: string,
  restored: string,
  withinMs: number,
): Promise<{ confirmed: boolean; findings: readonly string[] }> {
  const deadline = performance.now() + withinMs;
  let findings: string[];
  for (;;) {
    try {
      const [applied, asBefore] = await freshly<[boolean, boolean]>(sight, async (ssh) => [
        (await sight.windows.status(ssh, id, { signal: sight.signal })).applied,
        await sight.windows.asBefore(ssh, restored, { signal: sight.signal }),
      ]);
      if (applied && asBefore) return { confirmed: true, findings: [] };
      findings = [applied ? 'the former addresses are not back' : 'it is not applied yet'];
    } catch (error) {
      if (sight.signal.aborted || !(error instanceof GantryError)) throw error;
      findings = [error.message];
    }
    if (performance.now() >= deadline) return { confirmed: false, findings };
    await wait(everyMs, sight.signal);
  }
}
