import { plain } from './standing.ts';

/** Whether mdadm's configuration names the array as it is to be called. */
export function namesArray(text: string, line: string): boolean {
  return text.split('\n').includes(line);
}

/** The text with our line and no other one for that array; every other line as it was. Pure. */
export function withArrayLine(text: string, line: string, uuid: string): string {
  const rest = withoutArrayLine(text, uuid);
  return `${rest}${rest === '' || rest.endsWith('\n') ? '' : '\n'}${line}\n`;
}

/** The text without any line for that array. Pure. */
export function withoutArrayLine(text: string, uuid: string): string {
  return text
    .split('\n')
    .filter((line) => !(/^\s*ARRAY\b/.test(line) && plain(/UUID=(\S+)/i.exec(line)?.[1] ?? '') === plain(uuid)))
    .join('\n');
}
