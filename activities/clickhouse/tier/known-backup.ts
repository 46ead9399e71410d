import { runProgram } from '../../../src/drivers/programs/index.ts';
import type { BackupReading } from '../../../src/planning/clickhouse/index.ts';
import type { ClickHouseBackup } from '../../../src/platform/index.ts';

/** For the program that looks. Milliseconds. */
const timeoutMs = 60_000;

type Partition = { cluster: string; database: string; table: string; partition: string };

/** Whether a backup of a partition is known, as the platform file says how that is found out. What can't be asked is no backup. */
export async function knownBackup(
  backup: Exclude<ClickHouseBackup, { kind: 'archive' }>,
  of: Partition,
  signal: AbortSignal,
): Promise<BackupReading> {
  if (backup.kind === 'none') return { known: false, evidence: `none is asked for: ${backup.accepted}` };
  const argv = backup.confirm.map((word) => filled(word, of));
  const program = argv[0] ?? '';
  try {
    const { code, stdout, stderr } = await runProgram(argv, { timeoutMs, signal });
    const said = (stdout || stderr).trim().slice(-200);
    const evidence = `${program} ended with ${code ?? 'a signal'}${said ? `: ${said}` : ''}`;
    return { known: code === 0, evidence };
  } catch (error) {
    signal.throwIfAborted();
    return { known: false, evidence: (error as Error).message };
  }
}

/** Each word stays one argument, whatever the names hold. */
function filled(word: string, of: Partition): string {
  return word.replace(/\{(cluster|database|table|partition)\}/g, (_as, name: keyof Partition) => of[name]);
}
