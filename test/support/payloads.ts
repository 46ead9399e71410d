import { createHash } from 'node:crypto';
import { GantryError } from '../../src/errors/index.ts';
import type { PayloadStore } from '../../src/runs/index.ts';

/** A payload store in memory; `held` is what it holds, by digest. */
export function memoryPayloads(): PayloadStore & { held: Map<string, string> } {
  const held = new Map<string, string>();
  const get = (sha256: string): string => {
    const content = held.get(sha256);
    if (content === undefined) throw new GantryError('PAYLOAD_MISSING', `nothing has the digest ${sha256}`);
    return content;
  };
  return {
    held,
    put: async (content, count = 1) => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of typeof content === 'string' ? [content] : content)
        chunks.push(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
      const whole = Buffer.concat(chunks);
      const sha256 = createHash('sha256').update(whole).digest('hex');
      held.set(sha256, whole.toString('utf8'));
      return { uri: `memory:${sha256}`, sha256, bytes: whole.byteLength, count };
    },
    get: async ({ sha256 }) => get(sha256),
    read: async function* ({ sha256 }) {
      yield Buffer.from(get(sha256));
    },
  };
}
