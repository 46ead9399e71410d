import type { Command } from 'commander';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import { diagnose } from './diagnosis.ts';
import { globals, settingsOf } from './options.ts';
import { exitCodes, print, printJson } from './output.ts';
import type { Check } from './render/checks.ts';
import { checkLines } from './render/checks.ts';
import { clean } from './render/clean.ts';

/**
 * `gantry doctor`, a line as soon as it is known: whether runs can be started here, and what ended ones left behind. It changes no role and no setting; the
 * audit in it writes one small key on each primary. Exit code 1 when anything is red.
 */
export function addDoctor(program: Command, context: CliContext): void {
  program
    .command('doctor')
    .description('Check server, workers, platform file, report store, and what ended runs left behind')
    .action(async (_options: unknown, self: Command) => {
      const flags = globals(self);
      const checks: Check[] = [];
      for await (const check of diagnose(settingsOf(context, flags))) {
        checks.push(check);
        if (!flags.json) print(context, checkLines([clean(check)], canvasOf(context)));
      }
      const ok = checks.every(({ state }) => state !== 'bad');
      if (!ok) context.exitCode = exitCodes.bad;
      if (flags.json) printJson(context, 'doctor', { ok, checks });
    });
}
