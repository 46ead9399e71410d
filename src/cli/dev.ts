import { join } from 'node:path';
import { once } from 'node:events';
import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { RunningTemporal } from '../../lab/temporal/temporal.ts';
import { startTemporal } from '../../lab/temporal/temporal.ts';
import type { RunningWorkers } from '../../workers/all.ts';
import { loadPlatform } from '../platform/index.ts';
import { searchAttributeNames } from '../runs/index.ts';
import { createLog } from '../telemetry/log.ts';
import type { CliContext } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { globals, settingsOf } from './options.ts';
import { print, printJson } from './output.ts';

type DevFlags = GlobalOptions & { port: number; uiPort: number };

/** `gantry dev`: a Temporal dev server with its UI and all workers, until Ctrl-C. Histories survive a restart. */
export function addDev(program: Command, context: CliContext): void {
  program
    .command('dev')
    .description('Start a Temporal dev server, its UI and all workers here; Ctrl-C stops them')
    .option('--port <port>', 'of the server; the other commands look at 7233', port, 7233)
    .option('--ui-port <port>', 'of the UI', port, 8233)
    .action(async (_options: unknown, self: Command) => dev(context, globals(self) as DevFlags));
}

async function dev(context: CliContext, flags: DevFlags): Promise<void> {
  const settings = settingsOf(context, flags);
  // First what is most often wrong, before anything is started.
  const platform = loadPlatform(settings.platformPath);
  const stateDir = join(settings.stateDir, 'dev');
  const searchAttributes = Object.fromEntries(
    Object.values(searchAttributeNames).map((name) => [name, 'Keyword' as const]),
  );
  let temporal: RunningTemporal | undefined;
  let workers: RunningWorkers | undefined;
  try {
    temporal = await startTemporal({
      stateDir,
      port: flags.port,
      uiPort: flags.uiPort,
      dbFile: join(stateDir, 'temporal.db'),
      searchAttributes,
    });
    const { address, namespace, uiUrl } = temporal;
    // The workers bring the SDK's native core and the bundler with them: a second that the other verbs don't pay.
    const { startWorkers } = await import('../../workers/all.ts');
    const { installRuntime } = await import('../../workers/runtime.ts');
    const log = createLog(settings.logLevel);
    installRuntime(log);
    workers = await startWorkers({
      // The server that was just started, whatever the environment names.
      connection: { address, namespace, options: { address } },
      taskQueue: settings.taskQueue,
      platform,
      log,
      env: context.env,
    });
    if (flags.json)
      printJson(context, 'dev', { dev: { address, namespace, ui: uiUrl ?? '', taskQueue: settings.taskQueue } });
    else
      print(context, [
        `Temporal at ${address}, UI at ${uiUrl ?? ''}`,
        `workers poll ${settings.taskQueue}, platform file ${settings.platformPath}`,
        'Ctrl-C stops them all',
      ]);
    await Promise.race([interruption(context), workers.failed]);
  } finally {
    await workers?.stop();
    await temporal?.stop();
  }
}

/** Ctrl-C, or a supervisor's polite end. */
async function interruption({ interrupted }: CliContext): Promise<void> {
  const waits = [once(process, 'SIGTERM')];
  if (interrupted.aborted) return;
  await Promise.race([...waits, once(interrupted, 'abort')]);
}

function port(value: string): number {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1 || number > 65_535) throw new InvalidArgumentError('It must be a port.');
  return number;
}
