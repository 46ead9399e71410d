import { randomUUID } from 'node:crypto';
import { link, mkdir, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { GantryError } from '../errors/index.ts';
import type { AuditEntry, AuditHead, AuditLine } from './line.ts';
import { beginning, lineAfter } from './line.ts';
import { fileAt, lastFile, linesIn } from './places.ts';

/** An append-only list of acts and refusals. */
export type AuditLog = {
  /** Resolves once the line is on the disk. @throws AUDIT_UNWRITABLE, AUDIT_UNREADABLE */
  append: (entry: AuditEntry) => Promise<void>;
};

type Waiting = { entry: AuditEntry; at: string; done: () => void; failed: (error: unknown) => void };

/** Many lines in one file where many come at once. */
const mostInFile = 500;

/**
 * The audit in a folder that several processes may write at the same time, also over a shared file system: a file is linked
 * under the number of its first line, which the file system grants to one of them. Whoever loses reads what the other has
 * written and chains to that. There is no lock that a killed process could leave behind, and no half-written line.
 */
export function folderAudit(folder: string, now: () => number = Date.now): AuditLog {
  const queue: Waiting[] = [];
  let head: AuditHead | undefined;
  let writing = false;

  const write = async (): Promise<void> => {
    if (writing) return;
    writing = true;
    while (queue.length > 0) {
      const batch = queue.splice(0, mostInFile);
      try {
        head = await appendTo(folder, head, batch);
        for (const { done } of batch) done();
      } catch (error) {
        head = undefined;
        for (const { failed } of batch) failed(error);
      }
    }
    writing = false;
  };

  return {
    append: (entry) =>
      new Promise<void>((done, failed) => {
        queue.push({ entry, at: new Date(now()).toISOString(), done, failed });
        void write();
      }),
  };
}

async function appendTo(folder: string, known: AuditHead | undefined, batch: readonly Waiting[]): Promise<AuditHead> {
  for (let head = await headFrom(folder, known); ; head = await headFrom(folder, head)) {
    const lines: AuditLine[] = [];
    for (const { entry, at } of batch) lines.push(lineAfter(lines.at(-1) ?? head, entry, at));
    const last = lines.at(-1);
    if (!last) return head;
    const content = lines.map((line) => `${JSON.stringify(line)}\n`).join('');
    if (await placed(fileAt(folder, head.seq + 1), content)) return { seq: last.seq, hash: last.hash };
  }
}

/** The end of the chain, from a line that is known to be part of it. */
async function headFrom(folder: string, known: AuditHead | undefined): Promise<AuditHead> {
  let head = known;
  if (!head) {
    const file = await lastFile(folder);
    head = (file === undefined ? undefined : lastLine(await linesIn(file), file)) ?? { seq: 0, hash: beginning };
  }
  for (;;) {
    const file = fileAt(folder, head.seq + 1);
    const next = lastLine(await linesIn(file), file);
    if (!next) return head;
    head = next;
  }
}

function lastLine(lines: readonly string[] | undefined, file: string): AuditHead | undefined {
  const text = lines?.at(-1);
  if (text === undefined) return undefined;
  try {
    const { seq, hash } = JSON.parse(text) as AuditLine;
    if (Number.isSafeInteger(seq) && typeof hash === 'string') return { seq, hash };
  } catch {
    // It is said below, with its place.
  }
  throw new GantryError('AUDIT_UNREADABLE', `the last line of ${file} is no line of the audit`, { evidence: { file } });
}

/** Whether the file was written under this name: whole, and on the disk, before it has the name. */
async function placed(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomUUID()}.draft`;
  try {
    await mkdir(dirname(path), { recursive: true });
    const file = await open(draft, 'wx', 0o640);
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    try {
      await link(draft, path);
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
      throw error;
    } finally {
      await unlink(draft);
    }
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unwritable';
    throw new GantryError('AUDIT_UNWRITABLE', `${path} cannot be written (${reason})`, {
      evidence: { path, reason },
      cause: error,
    });
  }
}
