import type { Command } from 'commander';
import { resume } from '../client/index.ts';
import { addAct, byOf } from './act.ts';
import type { CliContext } from './context.ts';

/** `gantry resume <id>`. */
export function addResume(program: Command, context: CliContext): void {
  addAct(program, context, {
    verb: 'resume',
    summary: 'Let a paused run go on, once what it made is found unchanged',
    send: (client, id, flags) => resume(client, id, byOf(flags)),
  });
}
