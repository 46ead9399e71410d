import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { LoadedPlatform } from '../platform/index.ts';
import { loadPlatform } from '../platform/index.ts';
import type { CliContext } from './context.ts';
import { globals, settingsOf } from './options.ts';
import { print, printJson } from './output.ts';
import { addPlatformPin } from './platform-pin.ts';
import { clean } from './render/clean.ts';

/** What a platform file holds, in a few lines. */
export type PlatformSummary = {
  path: string;
  digest: string;
  name: string;
  regions: readonly string[];
  redisGroups: readonly { name: string; region: string; nodes: readonly string[] }[];
  windows: number;
  freezes: number;
  schedules: number;
};

/** `gantry platform check [file]`, `gantry platform pin [file]`. */
export function addPlatform(program: Command, context: CliContext): void {
  const platform = program.command('platform').description('The platform file');
  addPlatformPin(platform, context);
  platform
    .command('check')
    .description('Check the platform file: every problem with its line and column')
    .argument('[file]', 'default: GANTRY_PLATFORM, else ./platform.yaml')
    .action(async (file: string | undefined, _options: unknown, self: Command) => {
      const flags = globals(self);
      const path = file === undefined ? settingsOf(context, flags).platformPath : resolve(file);
      const found = summary(loadPlatform(path));
      if (flags.json) printJson(context, 'platform', { platform: found });
      else print(context, lines(clean(found)));
    });
}

/** The platform in a few lines. */
export function summary({ platform, digest, path }: LoadedPlatform): PlatformSummary {
  const { name, regions, redis, windows, freezes, schedules } = platform;
  return {
    path,
    digest,
    name,
    regions: Object.keys(regions),
    redisGroups: Object.entries(redis.groups).map(([group, { region, nodes }]) => ({
      name: group,
      region,
      nodes: nodes.map((node) => `${node.name} (${node.host}:${node.port})`),
    })),
    windows: Object.keys(windows).length,
    freezes: Object.keys(freezes).length,
    schedules: Object.keys(schedules).length,
  };
}

function lines({ path, digest, name, regions, redisGroups, windows, freezes, schedules }: PlatformSummary): string[] {
  return [
    `${path} is valid: platform ${name}, digest ${digest.slice(0, 12)}`,
    `  regions: ${regions.join(', ')}`,
    ...redisGroups.map((group) => `  redis ${group.name} in ${group.region}: ${group.nodes.join(', ')}`),
    `  ${windows} maintenance windows, ${freezes} change freezes, ${schedules} schedules`,
  ];
}
