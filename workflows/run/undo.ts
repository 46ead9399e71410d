import { troubleOf } from '../../src/errors/index.ts';
import type { RunContext, UndoEntry } from './context.ts';
import { execute } from './execute.ts';
import { park } from './park.ts';

/** Walks back what this run changed, last first. Not interruptible; a failing undo parks like any other step. */
export async function undoAll(context: RunContext): Promise<void> {
  if (context.undo.length === 0) return;
  context.undoing = true;
  context.book.enter('undoing');
  for (let entry = context.undo.at(-1); entry; entry = context.undo.at(-1)) {
    await undoOne(context, entry);
    context.undo.pop();
  }
}

async function undoOne(context: RunContext, entry: UndoEntry): Promise<void> {
  const { record } = entry;
  for (;;) {
    record.state = 'undoing';
    context.book.show();
    try {
      const report = await execute(context, { ...entry, mode: 'undo' });
      record.state = 'undone';
      record.after = report.after;
      record.summary = `undone: ${report.summary}`;
      context.book.show();
      return;
    } catch (error) {
      record.state = 'failed';
      const cause = troubleOf(error);
      const trouble = {
        ...cause,
        code: 'UNDO_FAILED',
        message: `undo of "${entry.title}": ${cause.code}: ${cause.message}`,
      };
      const proveDone = async (): Promise<{ done: boolean; summary: string }> => {
        const seen = await execute(context, { ...entry, mode: 'inspect' });
        return { done: seen.verdict === 'todo' && !seen.begun, summary: seen.summary };
      };
      const resolution = await park(context, { title: `undo: ${entry.title}`, step: record.step, trouble, proveDone });
      if (resolution.action === 'skip') {
        record.state = 'skipped';
        record.note = `undo skipped: ${resolution.proof ?? ''}`;
        return;
      }
    }
  }
}
