import type { Command } from 'commander';
import { abort } from '../client/index.ts';
import { addAct, byOf } from './act.ts';
import type { CliContext } from './context.ts';

/** `gantry abort <id>`. */
export function addAbort(program: Command, context: CliContext): void {
  addAct(program, context, {
    verb: 'abort',
    summary: 'Undo what a run changed, in reverse, and end it; refused past its point of no return',
    send: (client, id, flags) => abort(client, id, byOf(flags)),
  });
}
