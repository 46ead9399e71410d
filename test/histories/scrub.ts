import { hostname } from 'node:os';

/**
 * A history as it may be committed: no process id, no host name, no folder of the machine that it was recorded on, in
 * payloads and stack traces too. One event a line.
 * @param folders path → what is written instead
 */
export function scrubbed(historyJson: string, folders: Readonly<Record<string, string>>): string {
  const clean = (text: string): string => {
    const known = Object.entries(folders).reduce((all, [path, instead]) => all.replaceAll(path, instead), text);
    return known.replaceAll(new RegExp(`\\d+@${hostname().replaceAll('.', '\\.')}`, 'g'), 'worker');
  };
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return clean(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    const { data, metadata } = value as { data?: unknown; metadata?: unknown };
    if (typeof data === 'string' && typeof metadata === 'object' && metadata !== null && 'encoding' in metadata) {
      return { ...value, data: Buffer.from(clean(Buffer.from(data, 'base64').toString('utf8'))).toString('base64') };
    }
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, walk(inner)]));
  };
  const { events } = JSON.parse(historyJson) as { events: unknown[] };
  return `{"events":[\n${events.map((event) => JSON.stringify(walk(event))).join(',\n')}\n]}\n`;
}
