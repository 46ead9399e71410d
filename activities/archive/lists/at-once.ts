/** Does `act` for every item, at most `limit` at the same time; items are taken as places become free. @throws the first error, once all under way have ended */
export async function atOnce<T>(
  limit: number,
  items: AsyncIterable<T>,
  act: (item: T) => Promise<void>,
): Promise<void> {
  const underWay = new Set<Promise<void>>();
  const errors: unknown[] = [];
  try {
    for await (const item of items) {
      const one: Promise<void> = act(item)
        .catch((error: unknown) => void errors.push(error))
        .finally(() => underWay.delete(one));
      underWay.add(one);
      if (underWay.size >= limit) await Promise.race(underWay);
      if (errors.length > 0) break;
    }
  } finally {
    await Promise.all(underWay);
  }
  if (errors.length > 0) throw errors[0];
}
