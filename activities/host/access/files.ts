import { createHash } from 'node:crypto';
import { GantryError } from '../../../src/errors/index.ts';
import type { Ssh } from './access.ts';
import { command, commandFailed, commandMs } from './remote.ts';
import { script } from './script.ts';

type Options = { signal?: AbortSignal };

/** Gantry reads no larger file of a host. Bytes. */
const fileLimit = 256 * 1024;

/** The text of a file, undefined where there is none. @throws HOST_COMMAND_FAILED, HOST_ANSWER_UNREADABLE, SSH_FAILED */
export async function readRemoteFile(ssh: Ssh, path: string, options: Options = {}): Promise<string | undefined> {
  const end = await ssh.run(script('read-file', readScript, path), {
    timeoutMs: commandMs,
    outputLimit: fileLimit,
    ...options,
  });
  if (end.code === absent) return undefined;
  if (end.code !== 0) throw commandFailed(ssh, `read ${path}`, end);
  if (!end.truncated) return end.stdout;
  throw new GantryError('HOST_ANSWER_UNREADABLE', `${ssh.where}: ${path} is larger than ${fileLimit} bytes`);
}

export type WriteOptions = Options & {
  /** Octal; 0644 unless given. */
  mode?: string;
  /**
   * What the file was when it was looked at, undefined for none: another client's change since then is not overwritten. Left
   * out, the file is written whatever is there.
   */
  was?: { text: string | undefined };
};

/**
 * Writes a file as a whole: after a power cut there is the former text or the new one. Its folder is made where there is none.
 * @throws HOST_FILE_CHANGED, HOST_SYSTEM_DISK_FULL, HOST_COMMAND_FAILED, SSH_FAILED
 */
export async function writeRemoteFile(ssh: Ssh, path: string, text: string, options: WriteOptions = {}): Promise<void> {
  const { mode = '0644', was, ...rest } = options;
  const expected = was === undefined ? 'any' : was.text === undefined ? 'absent' : digest(was.text);
  const argv = script('write-file', writeScript, path, mode, digest(text), expected);
  const end = await ssh.run(argv, { timeoutMs: commandMs, stdin: text, ...rest });
  if (end.code === changed) throw fileChanged(ssh, path);
  if (end.code !== 0) throw commandFailed(ssh, `write ${path}`, end);
}

/** Removes a file; nothing where there is none. @throws HOST_COMMAND_FAILED, SSH_FAILED */
export async function removeRemoteFile(ssh: Ssh, path: string, options: Options = {}): Promise<void> {
  const removeScript = 'rm -f -- "$1" && { [ ! -d "$(dirname -- "$1")" ] || sync -- "$(dirname -- "$1")"; }';
  await command(ssh, script('remove-file', removeScript, path), { what: `remove ${path}`, ...options });
}

const absent = 44;
const changed = 45;

const readScript = `[ -e "$1" ] || exit ${absent}; exec cat -- "$1"`;

/** A connection that is cut ends the standard input early: what does not have the digest is never put in place. */
const writeScript = `set -e
dir=$(dirname -- "$1")
mkdir -p -- "$dir"
tmp=$(mktemp -- "$dir/.gantry.XXXXXX")
trap 'rm -f -- "$tmp"' EXIT
cat >"$tmp"
[ "$(sha256sum <"$tmp" | cut -c1-64)" = "$3" ] || { echo "the text did not arrive whole" >&2; exit 1; }
chmod -- "$2" "$tmp"
sync -- "$tmp"
if [ "$4" != any ]; then
  now=absent
  [ ! -e "$1" ] || now=$(sha256sum <"$1" | cut -c1-64)
  [ "$now" = "$4" ] || [ "$now" = "$3" ] || exit ${changed}
fi
mv -f -- "$tmp" "$1"
trap - EXIT
sync -- "$dir"
`;

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function fileChanged(ssh: Ssh, path: string): GantryError {
  return new GantryError('HOST_FILE_CHANGED', `${ssh.where}: ${path} was changed since Gantry read it`, {
    evidence: { host: ssh.where, file: path },
  });
}
