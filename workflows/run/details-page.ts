import { utf8Bytes } from '../../src/runs/index.ts';

/** The Temporal UI puts the details into a URL: above 8 KB of it some proxies cut it, and escaping makes three of a byte. */
export const detailsBytes = 2_048;

const ellipsis = '…';

/** Lines of Markdown that never take more than `detailsBytes` together. */
export class DetailsPage {
  readonly #lines: string[] = [];
  #left = detailsBytes;

  /** A line that a person cannot do without, cut to `bytes` and to what is left. */
  must(line: string, bytes = detailsBytes): void {
    const cut = cutToBytes(line.replaceAll('\n', ' '), Math.min(bytes, this.#left - 1));
    if (cut !== '') this.#add(cut);
  }

  /** An empty line, where there is room for one and something stands before it. */
  gap(): void {
    if (this.#lines.length > 0 && this.#lines.at(-1) !== '' && this.#left > 1) this.#add('');
  }

  /** Whether these lines have room, `spare` bytes besides. */
  fits(lines: readonly string[], spare = 0): boolean {
    return lines.reduce((bytes, line) => bytes + size(line), spare) <= this.#left;
  }

  /** @returns whether they had room: all of them are added, or none */
  add(lines: readonly string[], spare = 0): boolean {
    if (!this.fits(lines, spare)) return false;
    for (const line of lines) this.#add(line);
    return true;
  }

  toString(): string {
    return this.#lines.join('\n');
  }

  #add(line: string): void {
    this.#lines.push(line);
    this.#left -= size(line);
  }
}

function size(line: string): number {
  return utf8Bytes(line) + 1;
}

/** Cuts between characters, never inside of one. */
export function cutToBytes(text: string, bytes: number): string {
  if (utf8Bytes(text) <= bytes) return text;
  let cut = '';
  let left = bytes - utf8Bytes(ellipsis);
  for (const character of text) {
    left -= utf8Bytes(character);
    if (left < 0) break;
    cut += character;
  }
  return cut === '' ? '' : cut + ellipsis;
}
