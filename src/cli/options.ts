import { Option } from 'commander';
import type { Command } from 'commander';
import type { Client } from '@temporalio/client';
import { withClient } from '../client/index.ts';
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
