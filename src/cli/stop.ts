import type { Command } from 'commander';
import { resolve } from '../client/index.ts';
import { addAct, byOf } from './act.ts';
import type { CliContext } from './context.ts';

/** `gantry stop <id>`. */
export function addStop(program: Command, context: CliContext): void {
  addAct(program, context, {
    verb: 'stop',
    summary: 'End a parked run that can no longer be undone, as failed and as it stands; its report lists what remains',
    send: (client, id, flags) => resolve(client, id, { action: 'stop', ...byOf(flags) }),
  });
}
