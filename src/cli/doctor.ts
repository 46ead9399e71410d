import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import { diagnose } from './diagnosis.ts';
import { globals, settingsOf } from './options.ts';
import { print, printJson } from './output.ts';
import { checkLines } from './render/checks.ts';
import { clean } from './render/clean.ts';

/**
 * `gantry doctor`: whether runs can be started here, and what ended ones left behind. It changes no role and no setting; the
 * audit in it writes one small key on each primary. Exit code 1 when anything is red.
 */
export function addDoctor(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description('Check server, workers, platform file, report store, and what ended runs left behind')
    .action(async (_options: unknown, self: Command) => {
      const flags = globals(self);
      const checks = await diagnose(settingsOf(context, flags));
      const ok = checks.every(({ state }) => state !== 'bad');
      if (!ok) context.exitCode = 1;
      if (flags.json) printJson(context, 'doctor', { ok, checks });
      else print(context, checkLines(clean(checks), canvasOf(context)));
    });
}
