import { GantryError } from '../../errors/index.ts';

/** What a registry answered, as bytes. */
export type Answer = { status: number; headers: Headers; body: Buffer };

/** Registries take manifests of 4 MiB (OCI distribution specification, "Pushing Manifests"); more is not read. Bytes. */
const maxBytes = 4 * 2 ** 20;

/** One request with a deadline. @throws IMAGE_REGISTRY_AWAY, IMAGE_ANSWER_INVALID */
export async function request(
  url: string,
  what: string,
  init: { method?: string; headers?: Record<string, string>; body?: string },
  { timeoutMs, signal }: { timeoutMs: number; signal: AbortSignal | undefined },
): Promise<Answer> {
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    // A redirect, as to the store of a cloud, is followed: fetch takes the authorization along to the same origin alone.
    const response = await fetch(url, { ...init, signal: signal ? AbortSignal.any([signal, deadline]) : deadline });
    if (url.startsWith('https:') && !response.url.startsWith('https:')) {
      await response.body?.cancel();
      throw new GantryError('IMAGE_ANSWER_INVALID', `${what}: the registry leads away from HTTPS`);
    }
    return { status: response.status, headers: response.headers, body: await bounded(response, what) };
  } catch (error) {
    if (error instanceof GantryError) throw error;
    signal?.throwIfAborted();
    throw new GantryError(
      'IMAGE_REGISTRY_AWAY',
      `${what}: ${deadline.aborted ? 'no answer in time' : reasonOf(error)}`,
    );
  }
}

async function bounded(response: Response, what: string): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes)
      throw new GantryError('IMAGE_ANSWER_INVALID', `${what}: an answer of more than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** fetch says only "fetch failed"; what happened is its cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message || String((cause as NodeJS.ErrnoException).code ?? cause.name);
}
