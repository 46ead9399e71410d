import { Command } from 'commander';
import { addAbort } from './abort.ts';
import { addAccess } from './access.ts';
import { addApi } from './api.ts';
import { addApprove } from './approve.ts';
import { addAudit } from './audit.ts';
import { addAuditLog } from './audit-log.ts';
import type { CliContext } from './context.ts';
import { addDev } from './dev.ts';
import { addDoctor } from './doctor.ts';
import { addGuard } from './guard.ts';
import { addHealth } from './health.ts';
import { addLab } from './lab.ts';
import { addGlobalOptions } from './options.ts';
import { fail } from './output.ts';
import { addPause } from './pause.ts';
import { addPlatform } from './platform.ts';
import { addResume } from './resume.ts';
import { addRetry } from './retry.ts';
import { addRun } from './run.ts';
import { addRuns } from './runs.ts';
import { addSchedules } from './schedules.ts';
import { addSkip } from './skip.ts';
import { addStartCommands } from './start.ts';
import { addStop } from './stop.ts';
import { gantryVersion } from '../settings/index.ts';

/** The whole command line. */
export function createProgram(context: CliContext): Command {
  const program = new Command('gantry')
    .description('Durable runbooks for a micro-VM platform, on Temporal')
    .version(gantryVersion, '-V, --version')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => context.out.write(text),
      writeErr: (text) => context.err.write(text),
      // Usage errors are told by `fail`, with code and hint, like every other error.
      outputError: () => undefined,
    })
    .exitOverride();
  addGlobalOptions(program);
  addStartCommands(program, context);
  addAudit(program, context);
  addHealth(program, context);
  addGuard(program, context);
  for (const add of [addRuns, addRun, addApprove, addPause, addResume, addAbort, addRetry, addSkip, addStop]) {
    add(program, context);
  }
  for (const add of [addPlatform, addDoctor, addDev, addLab, addApi, addAccess, addAuditLog, addSchedules])
    add(program, context);
  return program;
}

/** Runs one command line, without the program's own name, and answers its exit code. Never throws. */
export async function runCli(argv: readonly string[], context: CliContext): Promise<number> {
  const program = createProgram(context);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return context.exitCode;
  } catch (error) {
    return fail(context, error, argv.includes('--json'));
  }
}
