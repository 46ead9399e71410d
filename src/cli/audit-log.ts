import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import type { AuditHead, AuditLine } from '../audit/index.ts';
import { auditFolder, readAudit, verifyAudit } from '../audit/index.ts';
import { loadPlatform } from '../platform/index.ts';
import type { CliContext } from './context.ts';
import type { GlobalOptions } from './options.ts';
import { globals, settingsOf } from './options.ts';
import { exitCodes, print, printJson } from './output.ts';
import { clean } from './render/clean.ts';

type FolderFlags = GlobalOptions & { folder?: string };
type VerifyFlags = FolderFlags & { head?: AuditHead };
type ShowFlags = FolderFlags & { run?: string; by?: string; refused?: boolean; last: number };

const defaultLast = 50;

/** `gantry audit`: who did what, or was refused, and whether the list of it is whole. */
export function addAuditLog(program: Command, context: CliContext): void {
  const audit = program.command('audit').description('Who did what, and what was refused (docs/audit.md)');
  withFolder(audit.command('verify'))
    .description('Find lines of the audit that were changed, removed or moved. Exit code 1 if there is one')
    .option('--head <line:hash>', 'a head that was noted earlier: that line must still be the same', headOf)
    .action(async (_options: unknown, self: Command) => {
      const flags = globals(self) as VerifyFlags;
      const verdict = await verifyAudit(folderOf(context, flags), flags.head);
      const { lines, head, findings } = verdict;
      if (findings.length > 0) context.exitCode = exitCodes.bad;
      if (flags.json) return printJson(context, 'auditVerdict', { verdict: { ok: findings.length === 0, ...verdict } });
      print(context, [
        ...findings.map(({ what, message }) => `${what.padEnd(10)}  ${clean(message)}`),
        `${findings.length === 0 ? 'whole' : 'NOT whole'}: ${lines} lines, head ${head.seq}:${head.hash}`,
      ]);
    });
  withFolder(audit.command('show'))
    .description('Show lines of the audit, the newest last')
    .option('--run <id>', 'only those about this run')
    .option('--by <who>', 'only those of this person')
    .option('--refused', 'only what was refused')
    .option('--last <count>', 'so many lines', countOf, defaultLast)
    .action(async (_options: unknown, self: Command) => {
      const flags = globals(self) as ShowFlags;
      const { run, by, refused } = flags;
      const keep = (line: AuditLine): boolean =>
        (run === undefined || line.workflowId === run) &&
        (by === undefined || line.by === by) &&
        (refused !== true || line.outcome === 'refused');
      const lines = await readAudit(folderOf(context, flags), keep, flags.last);
      if (flags.json) return printJson(context, 'auditLines', { lines: [...lines] });
      print(context, lines.map(lineOf));
    });
}

function lineOf(line: AuditLine): string {
  const { seq, at, by, act, outcome, via, code, kind, workflowId, reason } = clean(line);
  const what = [kind, workflowId].filter((word) => word !== undefined).join(' ');
  const why = [code, reason].filter((word) => word !== undefined).join(': ');
  return [String(seq).padStart(6), at, outcome.padEnd(7), via, by, act, what, why]
    .filter((word) => word !== '')
    .join('  ');
}

function withFolder(command: Command): Command {
  return command.option(
    '--folder <path>',
    'the folder of the audit (default: beside the reports of the platform file)',
  );
}

function folderOf(context: CliContext, flags: FolderFlags): string {
  if (flags.folder !== undefined) return flags.folder;
  const { platform } = loadPlatform(settingsOf(context, flags).platformPath);
  return auditFolder(platform.reports.folder);
}

function headOf(text: string): AuditHead {
  const [, seq, hash] = /^(\d{1,15}):([0-9a-f]{64})$/.exec(text) ?? [];
  if (seq !== undefined && hash !== undefined) return { seq: Number(seq), hash };
  throw new InvalidArgumentError('It must be a head as `gantry audit verify` prints it: <line>:<hash>.');
}

function countOf(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count > 0 && count <= 100_000) return count;
  throw new InvalidArgumentError('It must be a number, 1 to 100000.');
}
