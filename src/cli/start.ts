import type { Client } from '@temporalio/client';
import { Option } from 'commander';
import type { Command } from 'commander';
import type { Started, StatusAnswer } from '../client/index.ts';
import { runReport, startRun, watchRun } from '../client/index.ts';
import { refusal } from '../errors/index.ts';
import { entries, fieldsOf, validateInput } from '../registry/index.ts';
import type { KindEntry } from '../registry/index.ts';
import type { RunReport } from '../runs/index.ts';
import { domainOf, isClosed, kinds, startedBy, verbOf } from '../runs/index.ts';
import type { Settings } from '../settings/index.ts';
import { approveShown, askApproval, showPlan } from './approval.ts';
import type { CliContext } from './context.ts';
import { canvasOf } from './context.ts';
import { endedBadly, follow, followCode } from './follow.ts';
import { readInput } from './input-file.ts';
import type { FollowFlags, GlobalOptions } from './options.ts';
import { addFollowOptions, asOption, globals, withServer } from './options.ts';
import { exitCodes, print, printJson, remark } from './output.ts';
import { clean } from './render/clean.ts';
import { planLines } from './render/plan.ts';
import { treeLines } from './render/tree.ts';

type StartFlags = GlobalOptions &
  FollowFlags & {
    input?: string;
    dryRun?: boolean;
    yes?: boolean;
    reason?: string;
    as: string;
  } & Record<string, unknown>;

/** `gantry <domain> <verb> <target>` for every kind of the registry. */
export function addStartCommands(program: Command, context: CliContext): void {
  const domains = new Map<string, Command>();
  for (const entry of Object.values(entries)) {
    // What is a part of another kind's runs is started by those alone.
    if (startedBy(entry.kind) !== undefined) continue;
    const domain = domainOf(entry.kind);
    const parent = domains.get(domain) ?? program.command(domain).description(`runs of the ${domain} domain`);
    domains.set(domain, parent);
    addStart(parent, entry, context);
  }
}

function addStart(parent: Command, entry: KindEntry, context: CliContext): void {
  const command = parent
    .command(verbOf(entry.kind))
    .summary(entry.summary)
    .description(`${entry.summary}.\n\nIn full: ${entry.docs}`)
    .argument(`[${entry.target.name}]`, `${entry.target.help}; may be in --input instead`)
    .option('--input <file>', 'a JSON file with the input, `-` for standard input; options override it');
  if (entry.second) command.argument(`[${entry.second.name}]`, `${entry.second.help}; may be in --input instead`);
  for (const { flags, help, choices } of entry.options) {
    const option = new Option(flags, help);
    command.addOption(choices ? option.choices([...choices]) : option);
  }
  command
    .option('--dry-run', 'show the plan, change nothing')
    .option('--yes', 'approve the plan that has just been shown');
  addFollowOptions(command)
    .option('--reason <text>', 'why, for the record')
    .addOption(asOption(context))
    .addHelpText(
      'after',
      `\nExample input (for --input or the Temporal UI):\n${JSON.stringify(entry.example, null, 2)}`,
    )
    .action(async (...given: unknown[]) => {
      const self = given.at(-1) as Command;
      const flags = globals(self) as StartFlags;
      const input = await inputOf(context, entry, self.args, flags);
      // Before a server is looked for: a wrong input is wrong without one.
      const problems = validateInput(entry.kind, input);
      if (problems.length > 0) throw refusal(problems);
      await withServer(context, flags, (client, settings) => run(context, client, settings, { entry, input, flags }));
    });
}

/** The file's fields, overridden by what the command line says. */
async function inputOf(
  context: CliContext,
  entry: KindEntry,
  [target, second]: readonly string[],
  flags: StartFlags,
): Promise<Record<string, unknown>> {
  const file = flags.input === undefined ? {} : await readInput(context, flags.input);
  const given = entry.options.flatMap(({ flags: option, field, number, list }) => {
    const value: unknown = flags[new Option(option).attributeName()];
    // What is no number is left as it is: the schema says so, with its place.
    const asked = number && typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value;
    return value === undefined ? [] : [[field, list && typeof value === 'string' ? value.split(',') : asked] as const];
  });
  const known = fieldsOf(entry.kind);
  return {
    requestedBy: flags.as,
    ...file,
    ...(target === undefined ? {} : { [kinds[entry.kind].targetFields[0]]: target }),
    ...(second === undefined || !entry.second ? {} : { [entry.second.field]: second }),
    ...Object.fromEntries(given),
    ...(flags.reason === undefined || !known.includes('reason') ? {} : { reason: flags.reason }),
    ...(flags.dryRun ? { dryRun: true } : {}),
  };
}

/** How long the plan of a run is waited for where no worker, or no server, answers. */
const planPatienceMs = 60_000;

type Begun = { entry: KindEntry; input: object; flags: StartFlags };

async function run(context: CliContext, client: Client, { taskQueue }: Settings, { entry, input, flags }: Begun) {
  const json = flags.json === true;
  const started = await startRun(client, entry.kind, input, { taskQueue, check: validateInput });
  const { workflowId, runId } = started;
  const ref = { workflowId, runId };
  if (!json) remark(context, [`started ${workflowId} (run ${runId})`]);
  let noted: string | undefined;
  let answer = await watchRun(
    client,
    ref,
    ({ note }) => {
      if (!json && note !== undefined && note !== noted) remark(context, [note]);
      noted = note;
    },
    { signal: context.interrupted, until: ({ status }) => status.state !== 'planning', patienceMs: planPatienceMs },
  );
  const { status } = answer;
  if (!json && status.plan) {
    if (started.dryRun) print(context, planLines(clean(status.plan), canvasOf(context)));
    else showPlan(context, status);
  }
  if (status.state === 'awaiting-approval') {
    const approved = flags.yes || (!json && (await askApproval(context, status)));
    if (approved) {
      if (!json) remark(context, [`approving plan ${status.plan?.hash ?? ''}, shown above, as ${flags.as}`]);
      answer = { ...answer, status: await approveShown(client, status, { by: flags.as }) };
    }
  }
  if (flags.follow) answer = await follow(context, client, ref, { quiet: json, patience: flags.patience });
  const report = answer.closed || isClosed(answer.status.state) ? await ended(client, started, answer) : undefined;
  conclude(context, answer, report, { json, followed: flags.follow === true });
}

/** The report, once Temporal has closed the workflow: publishing takes a moment after the run says that it ended. */
async function ended(client: Client, { workflowId, runId }: Started, answer: StatusAnswer) {
  const ref = { workflowId, runId };
  if (!answer.closed) await watchRun(client, ref, () => undefined);
  return runReport(client, ref);
}

/** Prints what came of it. The exit code says whether the run is where it was meant to be by now. */
function conclude(
  context: CliContext,
  answer: StatusAnswer,
  report: RunReport | undefined,
  { json, followed }: { json: boolean; followed: boolean },
): void {
  const { status, note, blind } = answer;
  if (followed) context.exitCode = followCode(context, answer);
  else if (blind) context.exitCode = exitCodes.blind;
  else if (endedBadly(status.state)) context.exitCode = exitCodes.bad;
  if (json) return printJson(context, 'run', { run: status, ...(note ? { note } : {}), ...(report ? { report } : {}) });
  // A followed run has been shown already, and a dry run is its plan.
  if (!followed && status.state !== 'planned') print(context, treeLines(clean(status), canvasOf(context), note));
  if (report?.published) remark(context, [`report: ${report.published}`]);
  if (!isClosed(status.state) && !followed) remark(context, [`follow it: gantry run ${status.workflowId} --follow`]);
}
