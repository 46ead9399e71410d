import type { Command } from 'commander';
import { clickhouseHealth } from '../client/index.ts';
import type { ClickHouseHealth } from '../runs/index.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import { globals, withServer } from './options.ts';
import { print, printJson } from './output.ts';
import type { Check } from './render/checks.ts';
import { checkLines } from './render/checks.ts';
import { clean } from './render/clean.ts';

/** `gantry clickhouse health <cluster> [table]`, under the `clickhouse` command of the registry's verbs. Exit code 1 unless all is well. */
export function addHealth(program: Command, context: CliContext): void {
  program.commands
    .find((command) => command.name() === 'clickhouse')
    ?.command('health')
    .description('Look at a ClickHouse cluster: replicas, queues, mutations, parts, disks, ZooKeeper; changes nothing')
    .argument('<cluster>', 'the ClickHouse cluster, by its name in the platform file')
    .argument('[table]', 'default: every table of the platform file')
    .action(async (cluster: string, table: string | undefined, _options: unknown, self: Command) => {
      const flags = globals(self);
      await withServer(context, flags, async (client, { taskQueue }) => {
        const health = await clickhouseHealth(client, taskQueue, {
          cluster,
          ...(table === undefined ? {} : { table }),
        });
        if (!health.ok) context.exitCode = 1;
        if (flags.json) printJson(context, 'health', { health });
        else print(context, checkLines(clean(healthChecks(health)), canvasOf(context)));
      });
    });
}

/** One line per reading, each with what is accepted. */
export function healthChecks({ checks }: ClickHouseHealth): Check[] {
  return checks.map(({ part, server, table, ok, reading, threshold, code, hint }) => ({
    name: [server, ...(table === undefined ? [] : [table]), part].join(' '),
    state: ok ? 'ok' : 'bad',
    fact: `${code === undefined ? '' : `${code}: `}${reading} (accepted: ${threshold})`,
    ...(hint === undefined ? {} : { next: hint }),
  }));
}
