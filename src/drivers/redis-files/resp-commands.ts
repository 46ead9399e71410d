/** One write as it stands in an append-only file and in the replication stream: the same bytes in both. */
export type RawCommand = { name: string; key: string; raw: string };

/** Connection state and keep-alives: they differ between file and stream and write nothing. */
const noWrites = new Set(['select', 'ping', 'replconf']);

/**
 * Bytes of a file or stream → the writes in them, and where the last whole command ends. Annotations (`#TS:…`) are passed
 * over; a last command that is cut short (a crash) is left out. Latin-1 throughout: one character is one byte.
 */
export function parseCommands(bytes: Buffer, from = 0): { commands: RawCommand[]; end: number } | undefined {
  const commands: RawCommand[] = [];
  let at = from;
  while (at < bytes.length) {
    if (bytes[at] === 0x23) {
      const end = bytes.indexOf('\n', at);
      if (end < 0) break;
      at = end + 1;
      continue;
    }
    const one = commandAt(bytes, at);
    if (one === 'cut') break;
    if (!one) return undefined;
    const name = (one.words[0] ?? '').toLowerCase();
    if (!noWrites.has(name)) {
      commands.push({ name, key: one.words[1] ?? '', raw: bytes.toString('latin1', at, one.end) });
    }
    at = one.end;
  }
  return { commands, end: at };
}

function commandAt(bytes: Buffer, from: number): { words: string[]; end: number } | 'cut' | undefined {
  const head = lineAt(bytes, from);
  if (!head) return 'cut';
  if (!/^\*\d{1,7}$/.test(head.text)) return undefined;
  const words: string[] = [];
  let at = head.end;
  for (let left = Number(head.text.slice(1)); left > 0; left -= 1) {
    const size = lineAt(bytes, at);
    if (!size) return 'cut';
    if (!/^\$\d{1,10}$/.test(size.text)) return undefined;
    const end = size.end + Number(size.text.slice(1));
    if (end + 2 > bytes.length) return 'cut';
    // The name and the key are all that is ever looked at.
    if (words.length < 2) words.push(bytes.toString('latin1', size.end, end));
    at = end + 2;
  }
  return { words, end: at };
}

function lineAt(bytes: Buffer, from: number): { text: string; end: number } | undefined {
  const end = bytes.indexOf('\r\n', from);
  return end < 0 || end - from > 32
    ? end < 0
      ? undefined
      : { text: '?', end }
    : { text: bytes.toString('latin1', from, end), end: end + 2 };
}

/**
 * A piece that begins in the middle of a command → the writes from its first whole command on. A value may look like a
 * command's head: what counts is that all that follows, to the end, can be read (a last command cut short aside).
 */
export function parseTail(bytes: Buffer): RawCommand[] {
  for (let at = bytes.indexOf('*'); at >= 0; at = bytes.indexOf('*', at + 1)) {
    const parsed = parseCommands(bytes, at);
    if (parsed && parsed.end > at) return parsed.commands;
  }
  return [];
}
