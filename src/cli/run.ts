import type { Command } from 'commander';
import { runReport, runStatus } from '../client/index.ts';
import type { RunRef } from '../client/index.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import { follow, followCode } from './follow.ts';
import type { FollowFlags, GlobalOptions } from './options.ts';
import { addFollowOptions, globals, withServer } from './options.ts';
import { print, printJson } from './output.ts';
import { clean } from './render/clean.ts';
import { runMarkdown } from './render/markdown.ts';
import { runLines } from './render/report.ts';

type RunFlags = GlobalOptions & FollowFlags & { run?: string; markdown?: boolean };

/** `gantry run <id>`: how a run stands, or how it went. */
export function addRun(program: Command, context: CliContext): void {
  const command = program
    .command('run')
    .description('Show a run: state, plan, steps with before and after, what people did, its report once it has ended')
    .argument('<id>', 'the run, by the id that `gantry runs` shows; a proxy run shows the run behind it')
    .option('--run <runId>', 'an earlier run under the same id')
    .option('--markdown', 'as a Markdown document');
  addFollowOptions(command).action(async (id: string, _options: unknown, self: Command) => {
    const flags = globals(self) as RunFlags;
    await withServer(context, flags, async (client) => {
      const ref: RunRef = flags.run === undefined ? id : { workflowId: id, runId: flags.run };
      const { json, markdown, patience } = flags;
      const answer = flags.follow
        ? await follow(context, client, ref, { quiet: json === true || markdown === true, patience })
        : await runStatus(client, ref);
      const { status, note, closed } = answer;
      const report = closed ? await runReport(client, ref) : undefined;
      if (flags.follow) context.exitCode = followCode(context, answer);
      if (json) printJson(context, 'run', { run: status, ...(note ? { note } : {}), ...(report ? { report } : {}) });
      else if (markdown) print(context, [runMarkdown(clean(status), clean(report), note)]);
      else print(context, runLines(clean(status), clean(report), canvasOf(context), note));
    });
  });
}
