import { troubleOf } from '../../src/errors/index.ts';
import { seenOf } from './answer.ts';
import type { RunContext, UndoEntry } from './context.ts';
import { execute } from './execute.ts';
import { park } from './park.ts';

/** Walks back what this run changed, last first. Not interruptible; a failing undo parks like any other step. */
export async function undoAll(context: RunContext): Promise<void> {
  if (context.undo.length === 0) return;
  context.undoing = true;
  context.runRecord.enter('undoing');
  for (let entry = context.undo.at(-1); entry; entry = context.undo.at(-1)) {
    await undoOne(context, entry);
    context.undo.pop();
  }
}

async function undoOne(context: RunContext, entry: UndoEntry): Promise<void> {
  const { record } = entry;
  for (;;) {
    record.state = 'undoing';
    context.runRecord.show();
    try {
      const report = await execute(context, { ...entry, mode: 'undo' });
      record.state = 'undone';
      record.after = seenOf(report).after;
      record.summary = `undone: ${report.summary}`;
      context.runRecord.show();
      return;
    } catch (error) {
      record.state = 'failed';
      const cause = troubleOf(error);
      const trouble = {
        ...cause,
        code: 'UNDO_FAILED',
        message: `undo of "${entry.title}": ${cause.code}: ${cause.message}`,
      };
      let proven = false;
      const proveDone = async (): Promise<{ done: boolean; summary: string }> => {
        const seen = await execute(context, { ...entry, mode: 'inspect', proof: true });
        proven = seen.verdict === 'todo' && !seen.begun;
        return { done: proven, summary: seen.summary };
      };
      const resolution = await park(context, { title: `undo: ${entry.title}`, step: record.step, trouble, proveDone });
      if (resolution.action === 'skip') {
        // Seen as it was before: it is undone. With an accepted risk it stays, and is left behind.
        record.state = proven ? 'undone' : 'skipped';
        record.note = `undo skipped: ${resolution.proof ?? ''}`;
        return;
      }
    }
  }
}
