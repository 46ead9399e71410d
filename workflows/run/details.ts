import type { PhaseClock, RunStatus, StepRecord, StepState } from '../../src/runs/index.ts';
import { awaitedWorkers, progressLines } from '../../src/runs/index.ts';
import { cutToBytes, DetailsPage } from './details-page.ts';
import { planMarkdown } from './plan-details.ts';

const marks: Record<StepState, string> = {
  pending: '·',
  looking: '👁',
  running: '▶',
  done: '✓',
  unchanged: '=',
  failed: '✗',
  skipped: '⤼',
  undoing: '↩',
  undone: '↩',
};

/** Bytes of one text among others; a person reads the whole of it in the query. */
const room = { name: 100, title: 200, message: 400, hint: 250, list: 200, cell: 120 } as const;

/**
 * The run as Markdown for the "current details" of the Temporal UI: its state, what to do next, then the plan while it is to be
 * decided, else the newest steps. At most `detailsBytes`. `above` is a line at its
 * head.
 */
export function detailsMarkdown(status: RunStatus, steps: readonly StepRecord[], above = ''): string {
  const page = new DetailsPage();
  page.must(above);
  page.gap();
  const { kind, target, state, plan, approval, dryRun, problem, ledger } = status;
  page.must(`**${kind}** of **${cutToBytes(target, room.name)}**: ${state}${dryRun ? ' (dry run)' : ''}`);
  page.gap();
  if (plan) page.must(`Plan \`${plan.hash}\`: ${plan.title}`, room.title);
  page.gap();
  if (approval) page.must(`Waits for approval until ${approval.expiresAt}: ${howToApprove(status, approval)}`);
  else toDecide(page, status);
  if (problem) page.must(`${problem.code}: ${problem.message}`, room.message);
  page.gap();
  if (status.pastNoReturn) page.must('Past its point of no return.');
  page.gap();
  if (ledger) page.must(ledger.map(clockWords).join(' · '), room.message);
  // Once it is carried out, the steps say what is done.
  if (plan && (approval || dryRun)) planMarkdown(page, plan);
  lists(page, steps);
  table(page, steps);
  return page.toString();
}

function toDecide(page: DetailsPage, { parked, waiting }: RunStatus): void {
  if (parked) {
    const { id, title, trouble, options } = parked;
    page.must(`Parked at **${cutToBytes(title, room.name)}**: ${trouble.code}: ${trouble.message}`, room.message);
    page.gap();
    page.must(trouble.hint, room.hint);
    page.gap();
    page.must(
      `Now: ${options.join(', ')}. The update \`resolve\` takes \`{"action":"retry","park":"${id}","by":"…"}\``,
    );
  }
  if (waiting) {
    const { title, since } = waiting;
    page.gap();
    page.must(
      `Waits for a worker of **${awaitedWorkers(waiting)}** since ${since}, for "${cutToBytes(title, room.name)}"; it goes on by itself.`,
    );
  }
  page.gap();
}

function lists(page: DetailsPage, steps: readonly StepRecord[]): void {
  for (const { title, list } of steps) {
    if (!list) continue;
    page.gap();
    page.must(`**${cutToBytes(title, room.name)}**`);
    page.gap();
    for (const line of progressLines(list)) page.must(`- ${line}`, room.list);
  }
}

/** The newest rows that have room, in the order of the steps. */
function table(page: DetailsPage, steps: readonly StepRecord[]): void {
  if (steps.length === 0) return;
  const head = ['| | step | what was found or done | ms |', '|---|---|---|---|'];
  const earlier = (count: number): string => `| | ${count} earlier steps: query \`status\` | | |`;
  const rows: string[] = [];
  for (const step of steps.toReversed()) {
    const row = rowOf(step);
    const isFirst = rows.length + 1 === steps.length;
    if (!page.fits(['', ...head, ...(isFirst ? [] : [earlier(steps.length)]), ...rows, row])) break;
    rows.unshift(row);
  }
  if (rows.length === 0) return;
  page.gap();
  page.add([...head, ...(rows.length < steps.length ? [earlier(steps.length - rows.length)] : []), ...rows]);
}

function rowOf({ state, title, run, note, summary, ms }: StepRecord): string {
  const child = run ? ` (\`${run.workflowId}\`: ${run.state})` : '';
  return `| ${marks[state]} | ${cell(title)}${child} | ${cell(note ?? summary ?? '')} | ${ms ?? ''} |`;
}

function howToApprove(
  { workflowId, plan }: RunStatus,
  { needed, given = [], signed }: NonNullable<RunStatus['approval']>,
): string {
  if (!signed) {
    return `\`gantry approve ${workflowId}\`, or the update \`approve\` with \`{"planHash":"${plan?.hash ?? ''}","by":"…"}\``;
  }
  const so = given.length > 0 ? `, so far ${cutToBytes(given.join(', '), room.name)}` : '';
  return `by ${needed} over the HTTP API (\`POST /v1/runs/${encodeURIComponent(workflowId)}/approve\`)${so}`;
}

function clockWords({ name, ms, endedAt }: PhaseClock): string {
  return `${endedAt === undefined ? `**${name}**` : name} ${Math.round(ms / 1000)} s`;
}

function cell(text: string): string {
  return cutToBytes(text, room.cell).replaceAll('|', '\\|').replaceAll('\n', ' ');
}
