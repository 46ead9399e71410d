import { join } from 'node:path';
import { Argument } from 'commander';
import type { Command } from 'commander';
import type { LabPart, LabProcessStatus } from '../../lab/index.ts';
import { labDown, labParts, labPlatformFile, labRedisGroup, labStatus, labUp, usualLabParts } from '../../lab/index.ts';
import { searchAttributeNames } from '../runs/index.ts';
import type { CliContext } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { globals, settingsOf } from './options.ts';
import { print, printJson } from './output.ts';

/** `gantry lab up|down|status [part…]`: real parts on this machine's loopback. */
export function addLab(program: Command, context: CliContext): void {
  const lab = program.command('lab').description('Real parts on this machine, to try a procedure on');
  const parts = (usual: string) => new Argument('[part...]', `which parts; default: ${usual}`).choices([...labParts]);
  const verb = (
    name: string,
    text: string,
    act: (options: LabOptions) => Promise<LabProcessStatus[]>,
    usual = 'all',
  ): void => {
    lab
      .command(name)
      .description(text)
      .addArgument(parts(usual))
      .action(async (wanted: LabPart[], _options: unknown, self: Command) => {
        const flags = globals(self);
        const options = optionsOf(context, flags, wanted);
        show(context, await act(options), flags, options.stateDir);
      });
  };
  const searchAttributes = Object.fromEntries(
    Object.values(searchAttributeNames).map((attribute) => [attribute, 'Keyword' as const]),
  );
  verb(
    'up',
    'Start parts, each from an empty folder; parts that already run are left alone',
    (options) => labUp({ ...options, searchAttributes }),
    usualLabParts.join(', '),
  );
  verb('down', 'Stop parts', (options) => labDown(options));
  verb('status', 'Show which parts run, and where they answer', async (options) => labStatus(options));
}

type LabOptions = { parts?: readonly LabPart[]; stateDir: string };

function optionsOf(context: CliContext, flags: GlobalOptions, wanted: readonly LabPart[]): LabOptions {
  const stateDir = join(settingsOf(context, flags).stateDir, 'lab');
  return { stateDir, ...(wanted.length > 0 ? { parts: wanted } : {}) };
}

function show(context: CliContext, lab: readonly LabProcessStatus[], { json }: GlobalOptions, stateDir: string): void {
  if (json) printJson(context, 'lab', { lab });
  else
    print(context, lab.length === 0 ? ['nothing of the lab is known here'] : [...lab.map(line), ...use(lab, stateDir)]);
}

/** How to point Gantry at what runs. */
function use(lab: readonly LabProcessStatus[], stateDir: string): string[] {
  const address = lab.find(({ part, running }) => part === 'temporal' && running)?.endpoints['address'];
  if (typeof address !== 'string' || !lab.some(({ part, running }) => part === 'redis' && running)) return [];
  return [
    '',
    'To run a procedure on it:',
    `  export TEMPORAL_ADDRESS=${address} GANTRY_PLATFORM=${labPlatformFile(stateDir)}`,
    '  node --import tsx workers/main.ts &',
    `  bin/gantry redis switchover ${labRedisGroup} --follow`,
  ];
}

function line({ name, part, pid, running, endpoints, logFile }: LabProcessStatus): string {
  const where = Object.entries(endpoints).map(([what, at]) => `${what} ${String(at)}`);
  return `${running ? '✓' : '✗'} ${name} (${part}, pid ${pid}): ${[...where, `log ${logFile}`].join(', ')}`;
}
