import type { KeptEvidence, TroubleRecord } from '../../runs/index.ts';
import { cutText, isKept } from '../../runs/index.ts';
import type { Canvas } from './paint.ts';
import { paint } from './paint.ts';
import { bytes } from './size.ts';

/** An error for people: code and message, every problem with its place, what to do next. */
export function problemLines(trouble: Omit<TroubleRecord, 'evidence'>, canvas: Canvas): string[] {
  const { code, message, hint, problems } = trouble;
  const only = problems.length === 1 ? problems[0] : undefined;
  // One problem says what the error says; its place may be new.
  const place = only?.place !== undefined && !message.includes(only.place) ? ` (at ${only.place})` : '';
  const many = problems.length > 1;
  return [
    `${paint(canvas, 'red', code)}: ${many ? `${problems.length} problems` : message}${place}`,
    ...(many ? problems.map((one) => problemLine(one, code)) : []),
    ...[...new Set([...problems.map((one) => one.hint), hint])].map(
      (text) => `${paint(canvas, 'dim', 'next:')} ${text}`,
    ),
  ];
}

function problemLine({ code, message, place }: TroubleRecord['problems'][number], outer: string): string {
  const at = place === undefined || message.startsWith(place) ? '' : `${place}: `;
  return `  - ${code === outer ? '' : `${code}: `}${at}${message}`;
}

/** The evidence, indented: what the system showed. */
export function evidenceLines(evidence: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(evidence).map(([name, value]) => `  ${name}: ${compact(value)}`);
}

/** What was too large for the history: how large it is, where it is, how it begins. */
function keptWords(value: KeptEvidence): string {
  const where = value.kept === 'stored' ? `${bytes(value.stored.bytes)} at ${value.stored.uri}` : value.problem;
  return `(${where}; it begins ${cutText(compact(value.excerpt), shownCharacters)})`;
}

const shownCharacters = 120;

/** A value on one line. */
export function compact(value: unknown): string {
  if (value === undefined) return '';
  if (isKept(value)) return keptWords(value);
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? typeof value);
}
