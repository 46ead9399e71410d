import type { PlanView } from '../../src/runs/index.ts';
import type { DetailsPage } from './details-page.ts';
import { cutToBytes } from './details-page.ts';

const lineBytes = 160;
const rest = (more: number): string => `and ${more} more: query \`status\``;
/** Room for the line that says how much was left out. */
const restBytes = 40;

/** A plan for a person who is to approve it: what will be done, what cannot be undone, what makes it void. As much as fits. */
export function planMarkdown(
  page: DetailsPage,
  { actions, facts, warnings, irreversible, voidIf }: Omit<PlanView, 'title'>,
): void {
  const noReturn = actions.findIndex(({ reversible }) => !reversible);
  block(page, 'Cannot be undone', irreversible);
  block(page, 'Warnings', warnings);
  block(
    page,
    'What it will do',
    actions.map(({ what }, at) => [what, at === noReturn ? ' (**no undo from here on**)' : '']),
    '1.',
  );
  block(page, 'Void if', voidIf);
  block(
    page,
    'Now',
    facts.map(({ label, value }) => `${label}: ${value}`),
  );
}

function block(page: DetailsPage, title: string, entries: readonly (string | [string, string])[], mark = '-'): void {
  if (entries.length === 0) return;
  const lines = entries.map((entry) => {
    const [text, mustStay] = typeof entry === 'string' ? [entry, ''] : entry;
    return `${mark} ${cutToBytes(text.replaceAll('\n', ' '), lineBytes)}${mustStay}`;
  });
  const [first = ''] = lines;
  const spare = restBytes;
  // A title alone says nothing.
  if (!page.fits(['', `**${title}**`, '', first], spare))
    return void page.add([`${title}: ${entries.length}, see the query \`status\``]);
  page.gap();
  page.add([`**${title}**`, '']);
  let shown = 0;
  while (shown < lines.length && page.add([lines[shown] ?? ''], shown + 1 < lines.length ? spare : 0)) shown += 1;
  if (shown < lines.length) page.add([`${mark} ${rest(lines.length - shown)}`]);
}
