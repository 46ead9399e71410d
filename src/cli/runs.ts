import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { RunFilter } from '../client/index.ts';
import { defaultListLimit, listRuns } from '../client/index.ts';
import { kinds, runStates } from '../runs/index.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { globals, withServer } from './options.ts';
import { print, printJson } from './output.ts';
import { clean } from './render/clean.ts';
import { runsLines } from './render/runs.ts';

/** `gantry runs`. */
export function addRuns(program: Command, context: CliContext): void {
  program
    .command('runs')
    .description('List runs: open ones first, then the newest')
    .addOption(new Option('--state <state>', 'only runs in this state').choices([...runStates]))
    .addOption(new Option('--kind <kind>', 'only runs of this kind').choices(Object.keys(kinds)))
    .option('--target <name>', 'only runs of this target')
    .option('--limit <count>', 'at most this many', count, defaultListLimit)
    .action(async (_options: unknown, self: Command) => {
      const flags = globals(self) as GlobalOptions & RunFilter;
      await withServer(context, flags, async (client) => {
        const runs = await listRuns(client, flags);
        if (flags.json) printJson(context, 'runs', { runs });
        else print(context, runsLines(clean(runs), canvasOf(context)));
      });
    });
}

function count(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 10_000)
    throw new InvalidArgumentError('It must be a whole number from 1 to 10000.');
  return number;
}
