import { InvalidArgumentError } from 'commander';
import type { Command } from 'commander';
import { writeFileSync } from 'node:fs';
import { decide, loadAccess, newSigningKey, newToken } from '../api/index.ts';
import type { Need } from '../api/index.ts';
import { GantryError } from '../errors/index.ts';
import { parseDuration } from '../platform/index.ts';
import { isKind, kinds } from '../runs/index.ts';
import type { CliContext } from './context.ts';
import { globals, settingsOf } from './options.ts';
import { exitCodes, print, printJson } from './output.ts';

const needs: readonly Need[] = ['see', 'start', 'operate', 'approve'];
const day = 86_400_000;

/** `gantry access`: tokens, and who may do what and why. */
export function addAccess(program: Command, context: CliContext): void {
  const access = program.command('access').description('Who may use the HTTP API (docs/api.md)');
  access
    .command('explain')
    .description('Say what a person may do with runs of a kind, and which line of the access file says so')
    .argument('<who>', 'the person, as tokens name them')
    .argument('<kind>', 'a kind of run, such as redis.switchover')
    .option('--group <name...>', 'groups that the identity provider names')
    .action((who: string, kind: string, _options: unknown, self: Command) => {
      const flags = globals(self) as ReturnType<typeof globals> & { group?: string[] };
      if (!isKind(kind))
        throw new GantryError(
          'INVALID_INPUT',
          `no kind of run is called ${kind}; known: ${Object.keys(kinds).join(', ')}`,
        );
      const held = loadAccess(settingsOf(context, flags).accessPath);
      const decisions = needs.map((need) => ({
        need,
        ...decide(held, { person: who, groups: flags.group ?? [] }, need, kind),
      }));
      if (!decisions.some(({ allowed }) => allowed)) context.exitCode = exitCodes.bad;
      if (flags.json) return printJson(context, 'access', { who, kind, decisions });
      print(
        context,
        decisions.map(({ need, allowed, why }) => `${allowed ? 'yes' : 'no '}  ${need.padEnd(8)} ${why}`),
      );
    });
  access
    .command('token')
    .description('Make a token for a person: it is shown once, and its line for the access file')
    .argument('<who>', 'the person, as grants name them')
    .requiredOption('--id <id>', 'a name for the token, for the access log')
    .option('--expires-in <duration>', 'how long it is good for, at most 366d', lifetime, 90 * day)
    .action((who: string, _options: unknown, self: Command) => {
      const flags = globals(self) as ReturnType<typeof globals> & { id: string; expiresIn: number };
      const { token, sha256 } = newToken();
      const expires = new Date(context.now() + flags.expiresIn).toISOString();
      const line = { id: flags.id, person: who, sha256, expires };
      if (flags.json) return printJson(context, 'token', { token, line });
      print(context, [token, '', 'Under `tokens` of the access file:', `- ${JSON.stringify(line)}`]);
    });
  addSigningKey(access, context);
}

/** `gantry access signing-key`: the private half goes into a file that the API alone reads, and is never shown. */
function addSigningKey(access: Command, context: CliContext): void {
  access
    .command('signing-key')
    .description('Make a key by which the API signs approvals: a private file, and a line for the platform file')
    .requiredOption('--id <id>', 'a name for the key; tokens carry it', keyId)
    .requiredOption('--out <path>', 'the file for the private key; it must not exist')
    .action(async (_options: unknown, self: Command) => {
      const flags = globals(self) as ReturnType<typeof globals> & { id: string; out: string };
      const { file, line } = await newSigningKey(flags.id);
      try {
        writeFileSync(flags.out, file, { flag: 'wx', mode: 0o600 });
      } catch (error) {
        const reason = (error as NodeJS.ErrnoException).code ?? 'unwritable';
        throw new GantryError('USAGE', `${flags.out} cannot be written (${reason})`);
      }
      if (flags.json) return printJson(context, 'signingKey', { path: flags.out, line });
      print(context, [
        `wrote ${flags.out}: set GANTRY_APPROVAL_KEY of the API to it`,
        '',
        'Under `approvals.keys` of the platform file:',
        `- ${JSON.stringify(line)}`,
      ]);
    });
}

function keyId(text: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(text)) return text;
  throw new InvalidArgumentError('It must be a name: letters, digits, dot, dash, underscore.');
}

function lifetime(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0 && ms <= 366 * day) return ms;
  throw new InvalidArgumentError('It must be a duration of at most 366d, such as 90d.');
}
