import { InvalidArgumentError, Option } from 'commander';
import type { Command } from 'commander';
import type { Client } from '@temporalio/client';
import { withClient } from '../client/index.ts';
import { parseDuration } from '../platform/index.ts';
import type { Settings } from '../settings/index.ts';
import { loadSettings } from '../settings/index.ts';
import type { CliContext } from './context.ts';
import { defaultWho } from './context.ts';

/** The options that every verb takes. */
export type GlobalOptions = { profile?: string; address?: string; namespace?: string; json?: boolean };

/** Adds the options that every verb takes to the program. */
export function addGlobalOptions(program: Command): void {
  program
    .option('--json', 'print one JSON object instead of text (docs/reference/json.md)')
    .option('--profile <name>', 'the profile of temporal.toml')
    .option('--address <host:port>', 'the Temporal server')
    .option('--namespace <name>', 'the Temporal namespace');
}

/** What was given to a verb, the program's own options included. */
export function globals(command: Command): GlobalOptions {
  return command.optsWithGlobals<GlobalOptions>();
}

/** `--as`: who acts. */
export function asOption(context: CliContext): Option {
  return new Option('--as <who>', 'who acts, for the record').default(defaultWho(context.env), '$USER@host');
}

/** `--follow` and what belongs to it. */
export type FollowFlags = { follow?: boolean; patience?: number };

/** Adds `--follow` and `--patience` to a command. */
export function addFollowOptions(command: Command): Command {
  return command
    .option('--follow', 'show the run until it ends')
    .option(
      '--patience <duration>',
      'with --follow: how long a server or a worker may be away before following ends with exit code 3 (default: 5m; in a terminal, no limit)',
      patience,
    );
}

function patience(words: string): number {
  const ms = parseDuration(words);
  if (ms === undefined) throw new InvalidArgumentError('It must be a duration such as 30s or 5m.');
  return ms;
}

/** The settings under the flags given. */
export function settingsOf(context: CliContext, { profile, address, namespace }: GlobalOptions): Settings {
  return loadSettings(context.env, {
    ...(profile === undefined ? {} : { profile }),
    ...(address === undefined ? {} : { address }),
    ...(namespace === undefined ? {} : { namespace }),
  });
}

/** A client for as long as `use` needs it. */
export async function withServer<T>(
  context: CliContext,
  given: GlobalOptions,
  use: (client: Client, settings: Settings) => Promise<T>,
): Promise<T> {
  const settings = settingsOf(context, given);
  return withClient(settings.connection, (client) => use(client, settings));
}
