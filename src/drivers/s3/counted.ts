import type { ObjectStore } from './types.ts';

/** What a store charges for: requests by their class, and bytes that leave it. */
export type Asked = 'put' | 'get' | 'list' | 'bytesOut';

/** A page of a listing. */
const pageSize = 1_000;

/**
 * The same store, which tells of each request that is sent: `put` is PUT, COPY and POST, `get` is GET and HEAD. Deletions are free, and a
 * thaw is told by whoever asks for it, with its tier. A request that the driver repeats is told once.
 */
export function countedStore(store: ObjectStore, count: (what: Asked, by?: number) => void): ObjectStore {
  const body = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    count('get');
    for await (const chunk of chunks) {
      count('bytesOut', chunk.byteLength);
      yield chunk;
    }
  };
  const told =
    <A extends unknown[], R>(what: Asked, verb: (...given: A) => R) =>
    (...given: A): R => {
      count(what);
      return verb(...given);
    };
  return {
    ...store,
    put: told('put', store.put),
    copy: told('put', store.copy),
    setLegalHold: told('put', store.setLegalHold),
    setRetention: told('put', store.setRetention),
    putLifecycle: told('put', store.putLifecycle),
    head: told('get', store.head),
    versioning: told('get', store.versioning),
    objectLock: told('get', store.objectLock),
    lifecycle: told('get', store.lifecycle),
    prove: async (ref, expected) => {
      count('get');
      const bytes = await store.prove(ref, expected);
      count('bytesOut', bytes);
      return bytes;
    },
    get: (ref, expected) => body(store.get(ref, expected)),
    getUnproven: (ref, maxBytes) => body(store.getUnproven(ref, maxBytes)),
    versions: async function* (prefix) {
      let items = 0;
      count('list');
      for await (const one of store.versions(prefix)) {
        if (items > 0 && items % pageSize === 0) count('list');
        items += 1;
        yield one;
      }
    },
  };
}
