import type { Command } from 'commander';
import { resolve } from '../client/index.ts';
import type { ParkFlags } from './act.ts';
import { addAct, parkOf, withPark } from './act.ts';
import type { CliContext } from './context.ts';

/** `gantry stop <id>`. */
export function addStop(program: Command, context: CliContext): void {
  addAct<ParkFlags>(program, context, {
    verb: 'stop',
    summary:
      'End a parked run that can no longer be undone, as failed and in its present state; its report lists what remains',
    options: withPark,
    send: (client, id, flags) => resolve(client, id, { action: 'stop', ...parkOf(flags) }),
  });
}
