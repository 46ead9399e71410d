import { GantryError } from '../errors/index.ts';
import type { ListItem, ListPage, PageCall, PayloadStore, PlacedItem, Stored } from '../runs/index.ts';
import { jsonBytes, listLimits } from '../runs/index.ts';

/**
 * Stores a list, one item a line, so that it can be written and read without being held as a whole.
 * @throws PAYLOAD_UNWRITABLE; PAYLOAD_TOO_LARGE for an item above 4 KiB
 */
export async function storeList(store: PayloadStore, items: readonly ListItem[]): Promise<Stored<readonly ListItem[]>> {
  return store.put<readonly ListItem[]>(lines(items), items.length);
}

async function* lines(items: readonly ListItem[]): AsyncGenerator<string> {
  for (const item of items) {
    const bytes = jsonBytes(item);
    if (bytes > listLimits.item)
      throw new GantryError('PAYLOAD_TOO_LARGE', `item ${item.name} has ${bytes} bytes; ${listLimits.item} fit`);
    yield `${JSON.stringify(item)}\n`;
  }
}

/**
 * Reads items of a list. The whole is read, so that its digest is compared before anything of it is used: for lists of some
 * ten thousand items, of a megabyte or two, that is milliseconds.
 * @throws PAYLOAD_MISSING, PAYLOAD_DAMAGED
 */
export async function readPage(store: PayloadStore, call: PageCall): Promise<ListPage> {
  const wanted = 'at' in call ? new Set(call.at) : undefined;
  const isWanted = (at: number): boolean =>
    wanted ? wanted.has(at) : 'from' in call && at >= call.from && at < call.from + call.count;
  const found: PlacedItem[] = [];
  let at = 0;
  for await (const line of linesOf(store, call.list)) {
    if (isWanted(at)) found.push({ at, item: JSON.parse(line) as ListItem });
    at += 1;
  }
  const order = new Map('at' in call ? call.at.map((position, index) => [position, index]) : []);
  if (wanted) found.sort((a, b) => (order.get(a.at) ?? 0) - (order.get(b.at) ?? 0));
  return { items: fitting(found) };
}

function fitting(items: readonly PlacedItem[]): readonly PlacedItem[] {
  let left: number = listLimits.page;
  const end = items.findIndex((item) => (left -= jsonBytes(item)) < 0);
  return end < 0 ? items : items.slice(0, end);
}

async function* linesOf(store: PayloadStore, list: Stored): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of store.read(list)) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) if (line !== '') yield line;
  }
  if (rest !== '') yield rest;
}
