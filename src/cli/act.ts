import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import { runStatus } from '../client/index.ts';
import type { RunStatus } from '../runs/index.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { asOption, globals, withServer } from './options.ts';
import { print, printJson } from './output.ts';
import { clean } from './render/clean.ts';
import { treeLines } from './render/tree.ts';
import type { DecisionVerb } from './render/what-now.ts';
import { whatNow } from './render/what-now.ts';

/** What every decision about a run is given. */
export type ActFlags = GlobalOptions & { as: string; reason?: string };

/** A verb that decides something about one run: `gantry <verb> <id>`. */
export type Act<F extends ActFlags> = {
  verb: Exclude<DecisionVerb, 'approve'>;
  summary: string;
  /** Options besides `--as` and `--reason`. */
  options?: (command: Command) => Command;
  send: (client: Client, id: string, flags: F) => Promise<RunStatus>;
};

/** Adds such a verb; it prints the state that the decision has set, and what happens now. */
export function addAct<F extends ActFlags>(program: Command, context: CliContext, act: Act<F>): void {
  const command = program
    .command(act.verb)
    .description(act.summary)
    .argument('<id>', 'the run, by the id that `gantry runs` shows')
    .option('--reason <text>', 'why, for the record')
    .addOption(asOption(context));
  (act.options?.(command) ?? command).action(async (id: string, _options: unknown, self: Command) => {
    const flags = globals(self) as F;
    await withServer(context, flags, async (client) =>
      showDecided(context, act.verb, await settled(client, await act.send(client, id, flags)), flags),
    );
  });
}

/** A run that stood in a wait has halted by now, though its answer was made a moment before. */
async function settled(client: Client, status: RunStatus): Promise<RunStatus> {
  if (status.pending.length === 0) return status;
  const { workflowId, runId } = status;
  const { status: now, blind } = await runStatus(client, { workflowId, runId });
  return blind ? status : now;
}

/** The state that a decision has set, and what happens now. */
export function showDecided(context: CliContext, verb: DecisionVerb, status: RunStatus, { json }: GlobalOptions): void {
  const now = whatNow(verb, status);
  if (json) printJson(context, 'act', { run: status, now });
  else print(context, [...treeLines(clean(status), canvasOf(context)), `${verb}: ${clean(now)}`]);
}

/** Of the verbs that decide about a park. */
export type ParkFlags = ActFlags & { park?: string };

/** Adds the option that says which park is meant. */
export function withPark(command: Command): Command {
  return command.option(
    '--park <park>',
    'the park that you mean, as `gantry run <id>` shows it (default: the present one)',
  );
}

/** The fields of every decision about a park. */
export function parkOf(flags: ParkFlags): { by: string; reason?: string; park?: string } {
  return { ...byOf(flags), ...(flags.park === undefined ? {} : { park: flags.park }) };
}

/** The fields of every request: who, and why where it was said. */
export function byOf({ as: by, reason }: ActFlags): { by: string; reason?: string } {
  return { by, ...(reason === undefined ? {} : { reason }) };
}
