import type { Command } from 'commander';
import { pause } from '../client/index.ts';
import { addAct, byOf } from './act.ts';
import type { CliContext } from './context.ts';

/** `gantry pause <id>`. */
export function addPause(program: Command, context: CliContext): void {
  addAct(program, context, {
    verb: 'pause',
    summary: 'Halt a run at its next safe point',
    send: (client, id, flags) => pause(client, id, byOf(flags)),
  });
}
