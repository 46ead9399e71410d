import type { PlanView } from '../../src/runs/index.ts';
import { cutText } from '../../src/runs/index.ts';

/** The server keeps the details of a run small: the whole plan is in the query `status`. */
const shown = 30;
const lineCharacters = 300;

/** A plan as Markdown for a person who is to approve it: what will be done, what cannot be undone, what makes it void. */
export function planMarkdown({ actions, facts, warnings, irreversible, voidIf }: PlanView): string[] {
  const noReturn = actions.findIndex(({ reversible }) => !reversible);
  return [
    ...block(
      'What it will do',
      actions.map(({ what }, at) => `${what}${at === noReturn ? ' (**no undo from here on**)' : ''}`),
      '1.',
    ),
    ...block('Cannot be undone', irreversible),
    ...block('Warnings', warnings),
    ...block(
      'Now',
      facts.map(({ label, value }) => `${label}: ${value}`),
    ),
    ...block('Void if', voidIf),
  ];
}

function block(title: string, lines: readonly string[], mark = '-'): string[] {
  if (lines.length === 0) return [];
  const more = lines.length - shown;
  return [
    ...['', `**${title}**`, ''],
    ...lines.slice(0, shown).map((line) => `${mark} ${cutText(line, lineCharacters).replaceAll('\n', ' ')}`),
    ...(more > 0 ? [`${mark} and ${more} more: query \`status\``] : []),
  ];
}
