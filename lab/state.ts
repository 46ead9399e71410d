import { mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

/** What the lab remembers of a process that it started. `startTicks` and `bootId` tell it from a later one with the same pid. */
const processRecord = z.strictObject({
  name: z.string(),
  part: z.string(),
  pid: z.int().positive(),
  startTicks: z.string(),
  bootId: z.string(),
  ports: z.array(z.int()),
  logFile: z.string(),
  endpoints: z.record(z.string(), z.unknown()),
});
export type ProcessRecord = z.infer<typeof processRecord>;

/** The lab's state folder: what is given, else `.gantry/lab` below the current folder. */
export function labStateDir(stateDir?: string): string {
  return resolve(stateDir ?? join('.gantry', 'lab'));
}

/** Writes the record of a running process; a temporary file and a rename, so that no reader meets half of one. */
export function remember(stateDir: string, record: ProcessRecord): void {
  mkdirSync(runDir(stateDir), { recursive: true });
  const file = recordFile(stateDir, record.name);
  writeFileSync(`${file}.${process.pid}`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${file}.${process.pid}`, file);
}

/** Forgets a process that has ended. */
export function forget(stateDir: string, name: string): void {
  rmSync(recordFile(stateDir, name), { force: true });
}

/** Every process that the lab remembers under this folder, by name; unreadable records are left out. */
export function remembered(stateDir: string): ProcessRecord[] {
  return listDir(runDir(stateDir))
    .filter((file) => file.endsWith('.json'))
    .sort()
    .flatMap((file) => {
      const parsed = processRecord.safeParse(readJson(join(runDir(stateDir), file)));
      return parsed.success ? [parsed.data] : [];
    });
}

/** Whether the very process of the record still runs: same boot, same pid, same start time, not a zombie. */
export function isAlive(record: Pick<ProcessRecord, 'pid' | 'startTicks' | 'bootId'>): boolean {
  const now = identityOf(record.pid);
  return now !== undefined && now.startTicks === record.startTicks && now.bootId === record.bootId;
}

/** What tells a process from any other that ever had or will have its pid. Undefined when none runs, or only its zombie. */
export function identityOf(pid: number): { startTicks: string; bootId: string } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field, the program's name, may hold spaces and brackets: count from the last bracket. proc(5).
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state, startTicks] = [fields[0], fields[19]];
    // The first thread of a killed process is a zombie before the others have let go of its ports.
    const ended = state === 'X' || (state === 'Z' && readdirSync(`/proc/${pid}/task`).length <= 1);
    if (ended || startTicks === undefined) return undefined;
    return { startTicks, bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim() };
  } catch {
    return undefined;
  }
}

/**
 * Signals the very process of the record, or nothing when it has ended, whoever has its pid now.
 * @returns whether the signal was sent
 */
export function signal(record: Pick<ProcessRecord, 'pid' | 'startTicks' | 'bootId'>, name: NodeJS.Signals): boolean {
  if (!isAlive(record)) return false;
  try {
    return process.kill(record.pid, name);
  } catch {
    return false;
  }
}

function runDir(stateDir: string): string {
  return join(stateDir, 'run');
}

function recordFile(stateDir: string, name: string): string {
  return join(runDir(stateDir), `${name}.json`);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}

function listDir(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
