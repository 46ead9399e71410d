import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { FireAccount, Installation, ScheduleChange, ScheduleIntent } from '../client/index.ts';
import { diffSchedules, missedFires, syncSchedules } from '../client/index.ts';
import { problem, refusal } from '../errors/index.ts';
import { loadPlatform, parseDuration } from '../platform/index.ts';
import { validateInput } from '../registry/index.ts';
import { isKind, startedBy } from '../runs/index.ts';
import type { Settings } from '../settings/index.ts';
import type { CliContext } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { globals, withServer } from './options.ts';
import { exitCodes, print, printJson } from './output.ts';
import { clean } from './render/clean.ts';
import { accountLines, changeLines } from './render/schedules.ts';

const dayMs = 86_400_000;

/** `gantry schedules`: the platform file's runs by the clock, as Temporal has them. */
export function addSchedules(program: Command, context: CliContext): void {
  const schedules = program
    .command('schedules')
    .description('Runs by the clock: what the platform file declares, and what Temporal has');
  const compare = (name: 'diff' | 'sync', description: string): void =>
    void schedules
      .command(name)
      .description(description)
      .action(async (_options: unknown, self: Command) => {
        const flags = globals(self);
        await withServer(context, flags, async (client, settings) => {
          const { installation, intents } = declared(settings);
          const act = name === 'diff' ? diffSchedules : syncSchedules;
          const changes = await act(client, installation, intents);
          conclude(context, flags, changes, name);
        });
      });
  compare('diff', 'Show what a sync would change. Exit code 1 if there is anything');
  compare('sync', 'Create, update and delete schedules until they are as the platform file declares');
  schedules
    .command('missed')
    .description('Show what should have started and did not. Exit code 1 if there is anything')
    .option('--within <duration>', 'how far to look back', duration, dayMs)
    .action(async (_options: unknown, self: Command) => {
      const flags = globals(self) as GlobalOptions & { within: number };
      await withServer(context, flags, async (client, settings) => {
        const { installation, intents } = declared(settings);
        const now = new Date(context.now());
        const span = { since: new Date(now.getTime() - flags.within), now };
        const accounts = await missedFires(client, installation, intents, span);
        if (accounts.some(({ missed, state }) => missed.length > 0 || state === 'absent'))
          context.exitCode = exitCodes.bad;
        if (flags.json) return printJson(context, 'missed', { missed: accounts });
        print(context, accountLines(clean(accounts as FireAccount[])));
      });
    });
}

function conclude(
  context: CliContext,
  { json }: GlobalOptions,
  changes: readonly ScheduleChange[],
  name: 'diff' | 'sync',
): void {
  const foreign = changes.some(({ act }) => act === 'foreign');
  if (foreign || (name === 'diff' && changes.some(({ act }) => act !== 'none'))) context.exitCode = exitCodes.bad;
  if (json) return printJson(context, 'schedules', { schedules: changes });
  print(context, changeLines(clean(changes as ScheduleChange[]), name === 'sync'));
}

/** @throws GantryError PLATFORM_INVALID, INVALID_INPUT with everything that is wrong with the inputs of the schedules */
function declared({ platformPath, taskQueue }: Settings): { installation: Installation; intents: ScheduleIntent[] } {
  const { platform } = loadPlatform(platformPath);
  const intents = Object.entries(platform.schedules).map(([name, schedule]) => ({ name, ...schedule }));
  const problems = intents.flatMap(({ name, kind, input }) => {
    const place = `schedules.${name}.input`;
    const parent = isKind(kind) ? startedBy(kind) : undefined;
    if (parent)
      return [problem('INVALID_INPUT', `schedules.${name}.kind: ${kind} is started by runs of ${parent}`, place)];
    if ('requestedBy' in input)
      return [problem('INVALID_INPUT', `${place}.requestedBy: Gantry says which schedule asks`, place)];
    return validateInput(kind, input).map((one) => ({ ...one, message: `${place}: ${one.message}`, place }));
  });
  if (problems.length > 0) throw refusal(problems, { path: platformPath });
  return { installation: { name: platform.name, taskQueue }, intents };
}

function duration(words: string): number {
  const ms = parseDuration(words);
  if (ms !== undefined && ms > 0) return ms;
  throw new InvalidArgumentError('It must be a duration such as 3h or 7d.');
}
