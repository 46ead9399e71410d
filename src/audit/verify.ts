import type { AuditHead, AuditLine } from './line.ts';
import { beginning, hashOf } from './line.ts';
import { filesOf, linesIn } from './places.ts';

/** What is wrong with a line: `replaced` and `head` name one whose own hash holds, and the chain's does not. */
export type AuditFinding = {
  line: number;
  what: 'changed' | 'removed' | 'moved' | 'twice' | 'replaced' | 'unreadable' | 'head';
  message: string;
};

export type AuditVerdict = { lines: number; head: AuditHead; findings: readonly AuditFinding[] };

/**
 * Reads a whole audit and says which lines were changed, removed or moved. Lines that are missing at the end leave no trace in
 * what remains: give a `head` that was noted earlier to find that, and a chain that was made again from some line on.
 * @throws AUDIT_UNREADABLE
 */
export async function verifyAudit(folder: string, noted?: AuditHead): Promise<AuditVerdict> {
  const findings: AuditFinding[] = [];
  const found = (line: number, what: AuditFinding['what'], message: string): void =>
    void findings.push({ line, what, message });
  /** The hash that a line says it has, and the hash that it says the line before it has. */
  const seen = new Map<number, { hash: string; prev: string }>();
  let highest = 0;
  let place = 0;
  for (const file of await filesOf(folder)) {
    for (const text of (await linesIn(file)) ?? []) {
      place += 1;
      const line = parsed(text);
      if (!line) {
        found(place, 'unreadable', `the text at place ${place} (${file}) is no line of the audit`);
        continue;
      }
      const { seq, hash, prev } = line;
      if (hashOf(line) !== hash)
        found(seq, 'changed', `line ${seq} (${file}) is not what was written: its hash does not hold`);
      if (seen.has(seq)) found(seq, 'twice', `line ${seq} is there twice (${file})`);
      else if (seq < highest) found(seq, 'moved', `line ${seq} stands after line ${highest} (${file})`);
      if (!seen.has(seq)) seen.set(seq, { hash, prev });
      highest = Math.max(highest, seq);
    }
  }
  for (let seq = 1; seq <= highest; seq += 1) {
    const line = seen.get(seq);
    const before = seq === 1 ? { hash: beginning } : seen.get(seq - 1);
    if (!line) found(seq, 'removed', `line ${seq} is missing`);
    else if (before && before.hash !== line.prev)
      found(
        Math.max(1, seq - 1),
        'replaced',
        `line ${seq} was written after another line ${seq - 1} than the one that is there`,
      );
  }
  if (noted && seen.get(noted.seq)?.hash !== noted.hash)
    found(
      noted.seq,
      'head',
      `line ${noted.seq} is ${seen.has(noted.seq) ? 'another one than' : 'missing:'} the one that was noted`,
    );
  const head = { seq: highest, hash: seen.get(highest)?.hash ?? beginning };
  return { lines: seen.size, head, findings: findings.sort((a, b) => a.line - b.line) };
}

/** The lines that pass a filter, the newest last; what was written twice under one id is given once. @throws AUDIT_UNREADABLE */
export async function readAudit(
  folder: string,
  keep: (line: AuditLine) => boolean,
  most: number,
): Promise<readonly AuditLine[]> {
  const kept: AuditLine[] = [];
  const ids = new Set<string>();
  for (const file of await filesOf(folder)) {
    for (const text of (await linesIn(file)) ?? []) {
      const line = parsed(text);
      if (!line || !keep(line) || (line.id !== undefined && ids.has(line.id))) continue;
      if (line.id !== undefined) ids.add(line.id);
      kept.push(line);
      if (kept.length > most) kept.shift();
    }
  }
  return kept;
}

function parsed(text: string): AuditLine | undefined {
  try {
    const line = JSON.parse(text) as Partial<AuditLine> | null;
    const { seq, hash, prev } = line ?? {};
    const isLine = Number.isSafeInteger(seq) && typeof hash === 'string' && typeof prev === 'string';
    return isLine ? (line as AuditLine) : undefined;
  } catch {
    return undefined;
  }
}
