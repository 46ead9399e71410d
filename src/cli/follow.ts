import type { Client } from '@temporalio/client';
import type { RunRef, StatusAnswer, Watched } from '../client/index.ts';
import { watchRun } from '../client/index.ts';
import { isClosed } from '../runs/index.ts';
import type { RunState, RunStatus } from '../runs/index.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import { exitCodes, print, remark } from './output.ts';
import { changeLines } from './render/changes.ts';
import { clean } from './render/clean.ts';
import { rowsOf } from './render/paint.ts';
import { treeLines } from './render/tree.ts';

/** The clocks of a live tree move this often. */
const redrawMs = 200;

/** How long a script waits for a server or a worker that is away: a roll-out or a restart takes less. */
const scriptPatienceMs = 5 * 60_000;

type Screen = { show(answer: Watched): void; end(): void };

/**
 * Shows a run until it ends: a live tree in a terminal, a line per change elsewhere, nothing when `quiet`. Where nobody
 * watches a terminal a run that is parked or paused ends the following too, since nobody may be there to decide. A server
 * or a worker that is away is said and waited for. Ctrl-C stops the following, never the run. `followCode` tells how it ended.
 */
export async function follow(
  context: CliContext,
  client: Client,
  ref: RunRef,
  { quiet = false, patience }: { quiet?: boolean; patience?: number | undefined } = {},
): Promise<StatusAnswer> {
  const live = !quiet && context.out.isTTY === true;
  const screen = quiet ? silent : live ? liveTree(context) : plainLines(context);
  try {
    const answer = await watchRun(client, ref, (seen) => screen.show(seen), {
      signal: context.interrupted,
      patienceMs: patience ?? (live ? Infinity : scriptPatienceMs),
      ...(live ? { under: true } : { until: ({ status, blind }) => !blind && stands(status.state) }),
    });
    screen.end();
    const again = `gantry run ${answer.status.workflowId} --follow`;
    if (context.interrupted.aborted) remark(context, [`the run goes on: ${again}`]);
    else if (answer.blind)
      remark(context, [`gave up: ${answer.note ?? 'it cannot be seen'}. Follow it again: ${again}`]);
    return answer;
  } finally {
    screen.end();
  }
}

/** The exit code of whoever followed a run: 3 where it could not be seen, 1 where it stands still or ended otherwise than done. */
export function followCode({ interrupted }: CliContext, { status: { state }, blind }: StatusAnswer): number {
  // Ctrl-C has a code of its own (main.ts).
  if (interrupted.aborted) return exitCodes.ok;
  if (blind) return exitCodes.blind;
  return stands(state) || endedBadly(state) ? exitCodes.bad : exitCodes.ok;
}

/** Whether a run has ended otherwise than it was meant to. */
export function endedBadly(state: RunState): boolean {
  return isClosed(state) && state !== 'done' && state !== 'planned';
}

/** It goes on only when a person says so. */
function stands(state: RunState): boolean {
  return state === 'parked' || state === 'paused';
}

const silent: Screen = { show: () => undefined, end: () => undefined };

function plainLines(context: CliContext): Screen {
  let before: RunStatus | undefined;
  let noted: string | undefined;
  return {
    show: (answer) => {
      const { status, note } = clean(answer);
      const lines = [...changeLines(before, status), ...(note !== undefined && note !== noted ? [note] : [])];
      if (lines.length > 0) print(context, lines);
      before = status;
      noted = note;
    },
    end: () => undefined,
  };
}

/** Redraws over its own lines: cursor up, clear to the end of the screen. */
function liveTree(context: CliContext): Screen {
  let drawn = 0;
  let last: Watched | undefined;
  const draw = (): void => {
    if (!last) return;
    const canvas = canvasOf(context);
    const lines = treeLines(last.status, canvas, last.note, last.under);
    const shown = fitting(lines, canvas.width, Math.max(4, (process.stdout.rows ?? 50) - 1));
    context.out.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}\x1b[0J${shown.join('\n')}\n`);
    drawn = rowsOf(shown, canvas.width);
  };
  const timer = setInterval(draw, redrawMs);
  return {
    show: (answer) => {
      last = clean(answer);
      draw();
    },
    end: () => clearInterval(timer),
  };
}

/** Lines that scrolled off the top cannot be drawn over: of a tree taller than the screen its head and its end are shown. */
function fitting(lines: readonly string[], width: number, rows: number): readonly string[] {
  if (rowsOf(lines, width) <= rows) return lines;
  const top = [lines[0] ?? '', '  …'];
  let from = lines.length;
  while (from > 1 && rowsOf([...top, ...lines.slice(from - 1)], width) <= rows) from -= 1;
  return [...top, ...lines.slice(from)];
}
