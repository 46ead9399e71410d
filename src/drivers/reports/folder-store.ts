import { link, mkdir, readdir, readFile, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { GantryError } from '../../errors/index.ts';
import type { RunReport } from '../../runs/index.ts';

/** Keeps reports for longer than Temporal does. Append-only: what is written is never changed. */
export type ReportStore = {
  publish: (report: RunReport) => Promise<{ uri: string }>;
  /** The report of the run that was started last; nothing if there is none. @throws REPORT_UNREADABLE */
  newest: (kind: string, target: string) => Promise<RunReport | undefined>;
};

/**
 * A folder as report store: `<kind>/<target>/<start>-<run id>.json`.
 * @throws GantryError PUBLISH_FAILED when the folder can't be written, or holds another report under this name.
 */
export function folderStore(folder: string): ReportStore {
  return {
    publish: async (report) => {
      const dir = join(folder, safe(report.kind), safe(report.target));
      const path = join(dir, `${safe(report.startedAt)}-${safe(report.runId)}.json`);
      try {
        await mkdir(dir, { recursive: true });
        await writeOnce(path, `${JSON.stringify(report, null, 2)}\n`);
      } catch (error) {
        if (error instanceof GantryError) throw error;
        const cause = error instanceof Error ? error.message : String(error);
        throw new GantryError('PUBLISH_FAILED', `the report store can't be written: ${cause}`, { cause: error });
      }
      return { uri: pathToFileURL(path).href };
    },
    newest: async (kind, target) => {
      const dir = join(folder, safe(kind), safe(target));
      try {
        const names = (await readdir(dir)).filter((name) => name.endsWith('.json')).sort();
        const name = names.at(-1);
        return name === undefined ? undefined : (JSON.parse(await readFile(join(dir, name), 'utf8')) as RunReport);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
        const cause = error instanceof Error ? error.message : String(error);
        throw new GantryError('REPORT_UNREADABLE', `${dir} can't be read: ${cause}`, { cause: error });
      }
    },
  };
}

/** Whole or not at all, and never over something else. A retry finds its predecessor's report and is content. */
async function writeOnce(path: string, content: string): Promise<void> {
  const draft = `${path}.${process.pid}.draft`;
  await writeFile(draft, content);
  try {
    await link(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    const there = JSON.parse(await readFile(path, 'utf8')) as RunReport;
    const mine = JSON.parse(content) as RunReport;
    if (there.runId !== mine.runId || there.outcome !== mine.outcome) {
      throw new GantryError('PUBLISH_FAILED', `another report is at ${path}`, { evidence: { path } });
    }
  } finally {
    await unlink(draft);
  }
}

function safe(part: string): string {
  return part.replaceAll(/[^A-Za-z0-9._-]/g, '_');
}
