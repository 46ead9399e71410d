import type { Command } from 'commander';
import { resolve } from '../client/index.ts';
import { addAct, byOf } from './act.ts';
import type { CliContext } from './context.ts';

/** `gantry retry <id>`. */
export function addRetry(program: Command, context: CliContext): void {
  addAct(program, context, {
    verb: 'retry',
    summary: 'Try the step again at which a run is parked',
    send: (client, id, flags) => resolve(client, id, { action: 'retry', ...byOf(flags) }),
  });
}
