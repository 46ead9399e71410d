import type { Command } from 'commander';
import { resolve } from '../client/index.ts';
import type { ParkFlags } from './act.ts';
import { addAct, parkOf, withPark } from './act.ts';
import type { CliContext } from './context.ts';

/** `gantry retry <id>`. */
export function addRetry(program: Command, context: CliContext): void {
  addAct<ParkFlags>(program, context, {
    verb: 'retry',
    summary: 'Try the step again at which a run is parked',
    options: withPark,
    send: (client, id, flags) => resolve(client, id, { action: 'retry', ...parkOf(flags) }),
  });
}
