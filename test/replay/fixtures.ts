import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../histories/', import.meta.url));

/** A recorded history and what it is of. */
export type Fixture = { name: string; workflowId: string; history: { events: unknown[] } };

/** The committed histories of all versions, `<workflow>@<version>-<case>.json`. */
export function fixtures(): Fixture[] {
  const names = readdirSync(folder).filter((file) => file.endsWith('.json'));
  return names.sort().map((file) => {
    const history = JSON.parse(readFileSync(join(folder, file), 'utf8')) as { events: Started[] };
    const workflowId = history.events[0]?.workflowExecutionStartedEventAttributes?.workflowId;
    if (!workflowId) throw new Error(`${file} does not say which workflow id it is of`);
    return { name: file.replace(/\.json$/, ''), workflowId, history };
  });
}

type Started = { workflowExecutionStartedEventAttributes?: { workflowId?: string } };
