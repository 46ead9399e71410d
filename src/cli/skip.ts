import type { Command } from 'commander';
import { resolve } from '../client/index.ts';
import type { ActFlags } from './act.ts';
import { addAct, byOf } from './act.ts';
import type { CliContext } from './context.ts';

type SkipFlags = ActFlags & { acceptRisk?: string };

/** `gantry skip <id>`. */
export function addSkip(program: Command, context: CliContext): void {
  addAct<SkipFlags>(program, context, {
    verb: 'skip',
    summary: 'Go on after the step at which a run is parked, if an inspection finds it done or the risk is accepted',
    options: (command) =>
      command.option('--accept-risk <text>', 'skip it though it is not done: what is accepted, in words'),
    send: (client, id, flags) =>
      resolve(client, id, {
        action: 'skip',
        ...byOf(flags),
        ...(flags.acceptRisk === undefined ? {} : { acceptedRisk: flags.acceptRisk }),
      }),
  });
}
