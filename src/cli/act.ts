import type { Client } from '@temporalio/client';
import type { Command } from 'commander';
import type { RunStatus } from '../runs/index.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { asOption, globals, withServer } from './options.ts';
import { print, printJson } from './output.ts';
import { clean } from './render/clean.ts';
import { treeLines } from './render/tree.ts';

/** What every decision about a run is given. */
export type ActFlags = GlobalOptions & { as: string; reason?: string };

/** A verb that decides something about one run: `gantry <verb> <id>`. */
export type Act<F extends ActFlags> = {
  verb: string;
  summary: string;
  /** Options besides `--as` and `--reason`. */
  options?: (command: Command) => Command;
  send: (client: Client, id: string, flags: F) => Promise<RunStatus>;
};

/** Adds such a verb; it prints the state that the decision has set. */
export function addAct<F extends ActFlags>(program: Command, context: CliContext, act: Act<F>): void {
  const command = program
    .command(act.verb)
    .description(act.summary)
    .argument('<id>', 'the run, by the id that `gantry runs` shows')
    .option('--reason <text>', 'why, for the record')
    .addOption(asOption(context));
  (act.options?.(command) ?? command).action(async (id: string, _options: unknown, self: Command) => {
    const flags = globals(self) as F;
    await withServer(context, flags, async (client) => showDecided(context, await act.send(client, id, flags), flags));
  });
}

/** The state that a decision has set. */
export function showDecided(context: CliContext, status: RunStatus, { json }: GlobalOptions): void {
  if (json) printJson(context, 'act', { run: status });
  else print(context, treeLines(clean(status), canvasOf(context)));
}

/** The fields of every request: who, and why where it was said. */
export function byOf({ as: by, reason }: ActFlags): { by: string; reason?: string } {
  return { by, ...(reason === undefined ? {} : { reason }) };
}
