/** A RESP value, shallow in its types: enough to tell what a node answered. */
export type Reply =
  | { kind: 'text'; text: string }
  | { kind: 'error'; text: string }
  | { kind: 'null' }
  | { kind: 'list'; items: Reply[] };

export type RespParser = { push(chunk: Buffer): void };

/**
 * Cuts a byte stream into RESP2 and RESP3 values (redis.io, "Redis serialization protocol specification") and hands each
 * on as it is complete. RESP3 pushes go to `onPush`, since they answer nothing. Inline commands arrive as a text.
 */
export function parseResp(onValue: (value: Reply) => void, onPush: () => void = () => undefined): RespParser {
  let buffer: Buffer = Buffer.alloc(0);
  return {
    push(chunk) {
      buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
      let at = 0;
      for (;;) {
        const read = valueAt(buffer, at);
        if (!read) break;
        if (buffer[at] === 0x3e /* > */) onPush();
        else onValue(read.value);
        at = read.next;
      }
      buffer = buffer.subarray(at);
    },
  };
}

type Read = { value: Reply; next: number };

function valueAt(buffer: Buffer, at: number): Read | undefined {
  const lineEnd = buffer.indexOf('\r\n', at);
  if (at >= buffer.length || lineEnd < 0) return undefined;
  const sign = String.fromCharCode(buffer[at] as number);
  const line = buffer.toString('utf8', at + 1, lineEnd);
  const next = lineEnd + 2;
  switch (sign) {
    case '+':
    case ':':
    case ',':
    case '#':
    case '(':
      return { value: { kind: 'text', text: line }, next };
    case '-':
      return { value: { kind: 'error', text: line }, next };
    case '_':
      return { value: { kind: 'null' }, next };
    case '$':
    case '=':
    case '!':
      return bulkAt(buffer, next, Number(line), sign === '!');
    case '*':
    case '~':
    case '>':
      return listAt(buffer, next, Number(line));
    case '%':
      return listAt(buffer, next, Number(line) * 2);
    case '|': {
      const attributes = listAt(buffer, next, Number(line) * 2);
      return attributes && valueAt(buffer, attributes.next);
    }
    default:
      return { value: { kind: 'text', text: sign + line }, next };
  }
}

function bulkAt(buffer: Buffer, at: number, length: number, isError: boolean): Read | undefined {
  if (length < 0) return { value: { kind: 'null' }, next: at };
  if (buffer.length < at + length + 2) return undefined;
  const text = buffer.toString('utf8', at, at + length);
  return { value: { kind: isError ? 'error' : 'text', text }, next: at + length + 2 };
}

function listAt(buffer: Buffer, at: number, count: number): Read | undefined {
  if (count < 0) return { value: { kind: 'null' }, next: at };
  const items: Reply[] = [];
  let next = at;
  while (items.length < count) {
    const read = valueAt(buffer, next);
    if (!read) return undefined;
    items.push(read.value);
    next = read.next;
  }
  return { value: { kind: 'list', items }, next };
}
