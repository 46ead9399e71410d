import type { Command } from 'commander';
import { resolve } from '../client/index.ts';
import type { ParkFlags } from './act.ts';
import { addAct, parkOf, withPark } from './act.ts';
import type { CliContext } from './context.ts';

type SkipFlags = ParkFlags & { acceptRisk?: string };

/** `gantry skip <id>`. */
export function addSkip(program: Command, context: CliContext): void {
  addAct<SkipFlags>(program, context, {
    verb: 'skip',
    summary: 'Go on after the step at which a run is parked, if an inspection finds it done or the risk is accepted',
    options: (command) =>
      withPark(command).option('--accept-risk <text>', 'skip it though it is not done: what is accepted, in words'),
    send: (client, id, flags) =>
      resolve(client, id, {
        action: 'skip',
        ...parkOf(flags),
        ...(flags.acceptRisk === undefined ? {} : { acceptedRisk: flags.acceptRisk }),
      }),
  });
}
