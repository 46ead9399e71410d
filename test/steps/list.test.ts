import { expect, test } from 'vitest';
import type { ListItem } from '../../src/runs/index.ts';
import { listLimits } from '../../src/runs/index.ts';
import { readPage, storeList } from '../../src/steps/index.ts';
import { memoryPayloads } from '../support/payloads.ts';

const item = (at: number, text = ''): ListItem => ({ name: `n${at}`, input: { serial: `S${at}`, text } });
const names = (page: { items: readonly { at: number; item: ListItem }[] }) =>
  page.items.map((one) => `${one.at}:${one.item.name}`);

test('a stored list is read by pages and by positions, in the order that was asked for', async () => {
  const store = memoryPayloads();
  const list = await storeList(
    store,
    Array.from({ length: 250 }, (_, at) => item(at)),
  );
  expect(list.count).toBe(250);
  expect(names(await readPage(store, { list, from: 240, count: 100 }))).toHaveLength(10);
  expect(names(await readPage(store, { list, from: 100, count: 2 }))).toEqual(['100:n100', '101:n101']);
  expect(names(await readPage(store, { list, at: [7, 3, 249] }))).toEqual(['7:n7', '3:n3', '249:n249']);
  expect(names(await readPage(store, { list, from: 250, count: 5 }))).toEqual([]);
});

test('items that would be too large together come in several pages', async () => {
  const store = memoryPayloads();
  const large = 'x'.repeat(3_000);
  const list = await storeList(
    store,
    Array.from({ length: 100 }, (_, at) => item(at, large)),
  );
  const { items } = await readPage(store, { list, from: 0, count: 100 });
  expect(items.length).toBeGreaterThan(20);
  expect(items.length).toBeLessThan(100);
  expect(JSON.stringify(items).length).toBeLessThan(listLimits.page + 10_000);
  const rest = await readPage(store, { list, from: items.length, count: 100 });
  expect(rest.items[0]?.at).toBe(items.length);
});

test('an item that is too large is refused when it is stored, and a damaged list when it is read', async () => {
  const store = memoryPayloads();
  await expect(storeList(store, [item(0, 'x'.repeat(5_000))])).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' });
  const list = await storeList(store, [item(0)]);
  store.held.delete(list.sha256);
  await expect(readPage(store, { list, from: 0, count: 1 })).rejects.toMatchObject({ code: 'PAYLOAD_MISSING' });
});
