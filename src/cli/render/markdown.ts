import type { RunReport, RunStatus, StepRecord } from '../../runs/index.ts';
import { isGraph } from './graph.ts';
import { noReturnBegins } from './plan.ts';
import { stepMarks } from './marks.ts';
import { compact } from './problem.ts';
import { clock, duration } from './time.ts';

/** A run as a Markdown document: for a ticket, a chat, a review after an incident. */
export function runMarkdown(status: RunStatus, report: RunReport | undefined, note?: string): string {
  const { kind, target, state, workflowId, runId, startedAt, requestedBy, reason, plan, steps, actions } = status;
  const problem = state === 'parked' ? status.parked?.trouble : status.problem;
  return [
    `# ${kind} ${target}: ${state}`,
    '',
    `Run \`${workflowId}\` (\`${runId}\`), started ${clock(startedAt)}${report ? `, ended ${clock(report.endedAt)} after ${duration(report.ms)}` : ''}${requestedBy ? `, asked for by ${text(requestedBy)}` : ''}.`,
    ...(note ? ['', `> ${text(note)}`] : []),
    ...(reason ? ['', `Reason: ${text(reason)}`] : []),
    ...(problem ? ['', '## Problem', '', `**${problem.code}**: ${text(problem.message)}`, '', text(problem.hint)] : []),
    ...(plan
      ? [
          ...['', '## Plan', '', `\`${plan.hash}\`: ${text(plan.title)}`, ''],
          ...plan.actions.map(
            ({ what }, index) =>
              `${index + 1}. ${text(what)}${noReturnBegins(plan.actions, index) ? ' **(no undo from here on)**' : ''}`,
          ),
          ...list(
            'Facts',
            plan.facts.filter(({ value }) => !isGraph(value)).map(({ label, value }) => `${label}: ${value}`),
          ),
          // What reads Markdown draws it.
          ...plan.facts.filter(({ value }) => isGraph(value)).flatMap(({ value }) => ['', '```mermaid', value, '```']),
          ...list('Warnings', plan.warnings),
          ...list('Cannot be undone', plan.irreversible),
        ]
      : []),
    ...table('Steps', ['', 'step', 'took', 'before', 'after', 'note'], steps.map(stepRow)),
    ...table(
      'Clock',
      ['at', 'state', 'for'],
      (report?.phases ?? []).map(({ at, state: phase, ms }) => [clock(at), phase, duration(ms)]),
    ),
    ...table(
      'What people did',
      ['at', 'what', 'who', 'why'],
      actions.map(({ at, action, by, reason: why, note: said }) => [
        clock(at),
        action,
        by,
        [why, said].filter(Boolean).join('; '),
      ]),
    ),
    ...table(
      'Measured',
      ['what', 'value'],
      Object.entries(report?.measurements ?? {}).map(([name, value]) => [name, String(value)]),
    ),
    ...list('Left behind', report?.leftBehind ?? []),
    ...(report?.published ? ['', `Report: \`${report.published}\``] : []),
    '',
  ].join('\n');
}

function stepRow({ title, state, ms, attempts, before, after, note, summary, changed }: StepRecord): string[] {
  const tries = (attempts ?? 1) > 1 ? ` (${attempts} attempts)` : '';
  return [
    stepMarks[state].mark,
    title,
    ms === undefined ? '' : `${duration(ms)}${tries}`,
    compact(before),
    changed ? compact(after) : '',
    note ?? summary ?? '',
  ];
}

function table(name: string, heads: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return [];
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return ['', `## ${name}`, '', line(heads), line(heads.map(() => '---')), ...rows.map((row) => line(row.map(text)))];
}

function list(name: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : ['', `**${name}**`, '', ...items.map((item) => `- ${text(item)}`)];
}

/** What a system said must not become markup: `|` would break the table, `<` would be HTML. */
function text(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replace(/\s*\n\s*/g, ' ');
}
