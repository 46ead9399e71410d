import type { Command } from 'commander';
import { runReport, runStatus } from '../client/index.ts';
import type { RunRef } from '../client/index.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import { follow, isBadNews } from './follow.ts';
import type { GlobalOptions } from './options.ts';
import { globals, withServer } from './options.ts';
import { print, printJson } from './output.ts';
import { clean } from './render/clean.ts';
import { runMarkdown } from './render/markdown.ts';
import { runLines } from './render/report.ts';

type RunFlags = GlobalOptions & { run?: string; markdown?: boolean; follow?: boolean };

/** `gantry run <id>`: how a run stands, or how it went. */
export function addRun(program: Command, context: CliContext): void {
  program
    .command('run')
    .description('Show a run: state, plan, steps with before and after, what people did, its report once it has ended')
    .argument('<id>', 'the run, by the id that `gantry runs` shows; a front shows the run behind it')
    .option('--run <runId>', 'an earlier run under the same id')
    .option('--markdown', 'as a Markdown document')
    .option('--follow', 'show it until it ends')
    .action(async (id: string, _options: unknown, self: Command) => {
      const flags = globals(self) as RunFlags;
      await withServer(context, flags, async (client) => {
        const ref: RunRef = flags.run === undefined ? id : { workflowId: id, runId: flags.run };
        const { json, markdown } = flags;
        const answer = flags.follow
          ? await follow(context, client, ref, { quiet: json === true || markdown === true })
          : await runStatus(client, ref);
        const { status, note, closed } = answer;
        const report = closed ? await runReport(client, ref) : undefined;
        if (flags.follow && isBadNews(status.state)) context.exitCode = 1;
        if (json) printJson(context, 'run', { run: status, ...(note ? { note } : {}), ...(report ? { report } : {}) });
        else if (markdown) print(context, [runMarkdown(clean(status), clean(report), note)]);
        else print(context, runLines(clean(status), clean(report), canvasOf(context), note));
      });
    });
}
