/** How something is drawn: colours or none, how wide, and what time it is. Rendering is pure: it reads no clock. */
export type Canvas = { color: boolean; width: number; now: number };

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, cyan: 36 } as const;

export type Ink = keyof typeof codes;

/** `text` in a colour, where there are colours. */
export function paint(canvas: Canvas, ink: Ink, text: string): string {
  return canvas.color && text !== '' ? `${escape}[${codes[ink]}m${text}${escape}[0m` : text;
}

const escape = String.fromCharCode(27);
const escapes = new RegExp(`(${escape}\\[\\d+m)`, 'g');
const oneEscape = new RegExp(`^${escape}\\[\\d+m$`);

/** How many columns `text` takes: colour codes take none. */
export function columns(text: string): number {
  return [...text.replace(escapes, '')].length;
}

/** Cut to the canvas' width, so that a redraw knows how many lines it drew. */
export function clip(canvas: Canvas, text: string): string {
  if (columns(text) <= canvas.width) return text;
  let left = canvas.width - 1;
  let out = '';
  for (const part of text.split(escapes)) {
    if (oneEscape.test(part)) out += part;
    else {
      const kept = [...part].slice(0, Math.max(left, 0));
      out += kept.join('');
      left -= kept.length;
    }
  }
  return `${out}…${canvas.color ? `${escape}[0m` : ''}`;
}

/**
 * Text over as many lines as the canvas needs, broken between words; what follows the first line is indented. A word that is
 * wider than that stays whole: nothing that a person copies is cut.
 */
export function wrap(canvas: Canvas, text: string, indent = '  '): string[] {
  const lines: string[] = [];
  for (const paragraph of text.split('\n')) {
    let line = '';
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (line.trim() === '' || columns(longer) <= canvas.width) line = longer;
      else {
        lines.push(line);
        line = indent + word;
      }
    }
    lines.push(line);
  }
  return lines;
}

/** Parts beside each other, as many as the canvas has room for on a line; none is broken. */
export function beside(canvas: Canvas, parts: readonly string[], gap = '  ', indent = '  '): string[] {
  const lines: string[] = [];
  for (const part of parts) {
    const last = lines.at(-1);
    if (last !== undefined && columns(last + gap + part) <= canvas.width) lines[lines.length - 1] = last + gap + part;
    else lines.push(last === undefined ? part : indent + part);
  }
  return lines;
}

/** How many rows of a terminal these lines take: it breaks those that are too wide. */
export function rowsOf(lines: readonly string[], width: number): number {
  return lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(columns(line) / width)), 0);
}

/** Padded on the right to `width` columns. */
export function pad(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - columns(text)));
}
