import type { Client } from '@temporalio/client';
import type { RunRef, StatusAnswer, Watched } from '../client/index.ts';
import { watchRun } from '../client/index.ts';
import { isClosed } from '../runs/index.ts';
import type { RunState, RunStatus } from '../runs/index.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import { print, remark } from './output.ts';
import { changeLines } from './render/changes.ts';
import { clean } from './render/clean.ts';
import { treeLines } from './render/tree.ts';

/** The clocks of a live tree move this often. */
const redrawMs = 200;

type Screen = { show(answer: Watched): void; end(): void };

/**
 * Shows a run until it ends: a live tree in a terminal, a line per change elsewhere, nothing when `quiet`. Where nobody
 * watches a terminal a parked run ends the following too, since nobody may be there to decide. Ctrl-C stops the
 * following, never the run.
 */
export async function follow(
  context: CliContext,
  client: Client,
  ref: RunRef,
  { quiet = false }: { quiet?: boolean } = {},
): Promise<StatusAnswer> {
  const live = !quiet && context.out.isTTY === true;
  const screen = quiet ? silent : live ? liveTree(context) : plainLines(context);
  try {
    const answer = await watchRun(client, ref, (seen) => screen.show(seen), {
      signal: context.interrupted,
      ...(live ? { under: true } : { until: ({ status }) => status.state === 'parked' }),
    });
    screen.end();
    if (context.interrupted.aborted)
      remark(context, [`the run goes on: gantry run ${answer.status.workflowId} --follow`]);
    return answer;
  } finally {
    screen.end();
  }
}

/** Whether somebody who has waited for a run must not take it for done: it stands still, or has ended otherwise. */
export function isBadNews(state: RunState): boolean {
  return state === 'parked' || (isClosed(state) && state !== 'done' && state !== 'planned');
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
    const lines = treeLines(last.status, canvasOf(context), last.note, last.under);
    // Lines that scrolled off the top can't be drawn over: a tree taller than the screen shows its end.
    const room = Math.max(4, (process.stdout.rows ?? 50) - 1);
    const shown = lines.length > room ? [lines[0] ?? '', '  …', ...lines.slice(2 - room)] : lines;
    context.out.write(`${drawn > 0 ? `\x1b[${drawn}A` : ''}\x1b[0J${shown.join('\n')}\n`);
    drawn = shown.length;
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
