import { GantryError } from '../errors/index.ts';
import type { KeptEvidence, PayloadStore, StoredEvidence } from '../runs/index.ts';
import { excerptOf, isStored, jsonBytes, payloadLimits } from '../runs/index.ts';

/**
 * Evidence as the history has it: as it is up to 16 KiB, else a reference and how it begins.
 * @throws PAYLOAD_UNWRITABLE
 */
export async function keepEvidence<T>(store: PayloadStore, observed: T): Promise<T | StoredEvidence<T>> {
  if (observed === undefined || isStored(observed) || jsonBytes(observed) <= payloadLimits.evidence) return observed;
  return storeOne(store, observed);
}

/** The same for what a step has done already: where it can't be stored, an excerpt is better than a step that failed. */
export async function keepAfterwards<T>(store: PayloadStore, observed: T): Promise<T | KeptEvidence<T>> {
  try {
    return await keepEvidence(store, observed);
  } catch (error) {
    const problem = error instanceof GantryError ? `${error.code}: ${error.message}` : String(error);
    return { kept: 'excerpt', excerpt: excerptOf(observed), problem };
  }
}

/**
 * What a step answers, as the run works from it: as it is where it fits, else with its largest fields stored. Those can be
 * handed on to other steps, whose runner reads them back; the run itself can't look into them.
 * @throws PAYLOAD_UNWRITABLE
 */
export async function keepAnswer<T>(store: PayloadStore, answer: T): Promise<T> {
  if (answer === undefined || jsonBytes(answer) <= payloadLimits.answer) return answer;
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer))
    return (await storeOne(store, answer)) as T;
  const fields = Object.entries(answer as Record<string, unknown>).map(([name, held]) => ({
    name,
    held,
    bytes: jsonBytes(held),
  }));
  let bytes = jsonBytes(answer);
  const kept = { ...answer } as Record<string, unknown>;
  for (const field of fields.sort((a, b) => b.bytes - a.bytes)) {
    if (bytes <= payloadLimits.answer || field.bytes <= payloadLimits.excerpt) break;
    kept[field.name] = await storeOne(store, field.held);
    bytes += jsonBytes(kept[field.name]) - field.bytes;
  }
  return (bytes <= payloadLimits.answer ? kept : await storeOne(store, answer)) as T;
}

/**
 * A call's input or `before` as its step is to see it: whatever was stored on the way is read back.
 * @throws PAYLOAD_MISSING, PAYLOAD_DAMAGED
 */
export async function readBack<T>(store: PayloadStore, value: T): Promise<T> {
  return (await whole(store, value)) as T;
}

async function whole(store: PayloadStore, value: unknown): Promise<unknown> {
  if (typeof value !== 'object' || value === null) return value;
  if (isStored(value)) return JSON.parse(await store.get(value.stored)) as unknown;
  if (Array.isArray(value)) return Promise.all(value.map((entry) => whole(store, entry)));
  const fields = await Promise.all(
    Object.entries(value).map(async ([name, held]) => [name, await whole(store, held)] as const),
  );
  return Object.fromEntries(fields);
}

async function storeOne<T>(store: PayloadStore, value: T): Promise<StoredEvidence<T>> {
  const stored = await store.put<T>(JSON.stringify(value), Array.isArray(value) ? value.length : 1);
  return { kept: 'stored', stored, excerpt: excerptOf(value) };
}
