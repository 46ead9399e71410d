import type { RunStatus, StepState } from '../../src/runs/index.ts';

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

/** The run as Markdown for the UI's "current details": state, what to do next, the plan, a table of the steps. */
export function detailsMarkdown(status: RunStatus): string {
  const lines = [`**${status.kind}** of **${status.target}**: ${status.state}${status.dryRun ? ' (dry run)' : ''}`];
  if (status.plan) lines.push('', `Plan \`${status.plan.hash}\`: ${status.plan.title}`);
  if (status.approval)
    lines.push('', `Waits for approval until ${status.approval.expiresAt}: \`gantry approve ${status.workflowId}\``);
  if (status.parked) {
    const { title, trouble, options } = status.parked;
    lines.push(
      '',
      `Parked at **${title}**: ${trouble.code}: ${trouble.message}`,
      '',
      trouble.hint,
      '',
      `Now: ${options.join(', ')}`,
    );
  }
  if (status.problem) lines.push('', `${status.problem.code}: ${status.problem.message}`);
  if (status.pastNoReturn) lines.push('', 'Past its point of no return.');
  if (status.steps.length > 0) {
    lines.push('', '| | step | what was found or done | ms |', '|---|---|---|---|');
    for (const step of status.steps) {
      lines.push(
        `| ${marks[step.state]} | ${cell(step.title)}${step.run ? ` (\`${step.run.workflowId}\`: ${step.run.state})` : ''} | ${cell(step.note ?? step.summary ?? '')} | ${step.ms ?? ''} |`,
      );
    }
  }
  return lines.join('\n');
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ');
}
