import type { PhaseClock, RunStatus, StepRecord, StepState } from '../../src/runs/index.ts';
import { awaitedWorkers, cutText, progressLines } from '../../src/runs/index.ts';
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

/** The server keeps the details of a run small; a person reads the newest. */
const shownRows = 60;
const cellCharacters = 300;

/** The run as Markdown for the UI's "current details": state, what to do next, the plan, a table of the steps. */
export function detailsMarkdown(status: RunStatus, steps: readonly StepRecord[]): string {
  const lines = [`**${status.kind}** of **${status.target}**: ${status.state}${status.dryRun ? ' (dry run)' : ''}`];
  if (status.plan) lines.push('', `Plan \`${status.plan.hash}\`: ${status.plan.title}`);
  // Once it is carried out, the steps say what is done.
  if (status.plan && (status.approval || status.dryRun)) lines.push(...planMarkdown(status.plan), '');
  if (status.approval)
    lines.push('', `Waits for approval until ${status.approval.expiresAt}: ${howToApprove(status, status.approval)}`);
  if (status.parked) {
    const { id, title, trouble, options } = status.parked;
    lines.push(
      '',
      `Parked at **${title}**: ${trouble.code}: ${trouble.message}`,
      '',
      trouble.hint,
      '',
      `Now: ${options.join(', ')}. The update \`resolve\` takes \`{"action":"retry","park":"${id}","by":"…"}\``,
    );
  }
  if (status.waiting) {
    const { title, since } = status.waiting;
    lines.push(
      '',
      `Waits for a worker of **${awaitedWorkers(status.waiting)}** since ${since}, for "${title}"; it goes on by itself.`,
    );
  }
  if (status.problem) lines.push('', `${status.problem.code}: ${status.problem.message}`);
  if (status.pastNoReturn) lines.push('', 'Past its point of no return.');
  if (status.ledger) lines.push('', status.ledger.map(clockWords).join(' · '));
  if (steps.length > 0) {
    const before = steps.length - shownRows;
    lines.push('', '| | step | what was found or done | ms |', '|---|---|---|---|');
    if (before > 0) lines.push(`| | ${before} earlier steps | | |`);
    for (const step of steps.slice(-shownRows)) {
      lines.push(
        `| ${marks[step.state]} | ${cell(step.title)}${step.run ? ` (\`${step.run.workflowId}\`: ${step.run.state})` : ''} | ${cell(step.note ?? step.summary ?? '')} | ${step.ms ?? ''} |`,
      );
    }
  }
  for (const { title, list } of steps)
    if (list) lines.push('', `**${title}**`, '', ...progressLines(list).map((line) => `- ${line}`));
  return lines.join('\n');
}

function howToApprove(
  { workflowId, plan }: RunStatus,
  { needed, given = [], signed }: NonNullable<RunStatus['approval']>,
): string {
  if (!signed) {
    return `\`gantry approve ${workflowId}\`, or the update \`approve\` with \`{"planHash":"${plan?.hash ?? ''}","by":"…"}\``;
  }
  const so = given.length > 0 ? `, so far ${given.join(', ')}` : '';
  return `by ${needed} over the HTTP API (\`POST /v1/runs/${encodeURIComponent(workflowId)}/approve\`)${so}`;
}

function clockWords({ name, ms, endedAt }: PhaseClock): string {
  return `${endedAt === undefined ? `**${name}**` : name} ${Math.round(ms / 1000)} s`;
}

function cell(text: string): string {
  return cutText(text, cellCharacters).replaceAll('|', '\\|').replaceAll('\n', ' ');
}
