import { availableParallelism } from 'node:os';
import { createHash } from 'node:crypto';
import { Worker } from 'node:worker_threads';

/** A SHA-256 that is made bit by bit. */
export type RunningHash = {
  /** Takes the bytes over: they must not be used afterwards. Resolves once there is room for more. */
  update: (chunks: readonly Uint8Array[]) => Promise<void>;
  /** Hex. */
  digest: () => Promise<string>;
  /** What is not to be brought to its end. */
  drop: () => void;
};

/** Bytes of one hash that wait for the thread; beyond them its source is held back. */
const mostWaiting = 8 * 2 ** 20;

/** No code of ours is loaded there: it would take longer to start than what it saves. */
const code = `
const { parentPort } = require('node:worker_threads');
const { createHash } = require('node:crypto');
const hashes = new Map();
parentPort.on('message', ({ id, chunks, end }) => {
  const hash = hashes.get(id) ?? createHash('sha256');
  hashes.set(id, hash);
  for (const chunk of chunks) hash.update(chunk);
  if (end) hashes.delete(id);
  parentPort.postMessage({ id, bytes: chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0), ...(end ? { digest: hash.digest('hex') } : {}) });
});`;

type Answer = { id: number; bytes: number; digest?: string };
type Thread = { worker: Worker; waiting: Map<number, (answer: Answer | Error) => void> };

let thread: Thread | undefined;
let lastId = 0;

/**
 * Hashes in a thread beside the one that reads: 2 GB/s of SHA-256 on one core are as much as a whole download costs the reader. Where
 * there is one core alone, it hashes right here.
 */
export function hashBeside(): RunningHash {
  return availableParallelism() > 1 ? inThread() : here();
}

function here(): RunningHash {
  const hash = createHash('sha256');
  return {
    update: async (chunks) => chunks.forEach((chunk) => hash.update(chunk)),
    digest: async () => hash.digest('hex'),
    drop: () => undefined,
  };
}

function inThread(): RunningHash {
  const { worker, waiting } = (thread ??= startThread());
  lastId += 1;
  const id = lastId;
  let sent = 0;
  let failure: Error | undefined;
  let wake: (() => void) | undefined;
  let digested: string | undefined;
  if (waiting.size === 0) worker.ref();
  waiting.set(id, (answer) => {
    if (answer instanceof Error) failure = answer;
    else {
      sent -= answer.bytes;
      digested = answer.digest;
    }
    wake?.();
  });
  const until = async (ready: () => boolean): Promise<void> => {
    while (!failure && !ready()) await new Promise<void>((resolve) => (wake = resolve));
    if (failure) throw failure;
  };
  const drop = (): void => {
    if (waiting.delete(id) && waiting.size === 0) worker.unref();
  };
  const post = (chunks: readonly Uint8Array[], end: boolean): void => {
    const own = chunks.map(whole);
    sent += own.reduce((sum, chunk) => sum + chunk.byteLength, 0);
    worker.postMessage(
      { id, chunks: own, end },
      own.map(({ buffer }) => buffer),
    );
  };
  return {
    update: async (chunks) => {
      post(chunks, false);
      await until(() => sent < mostWaiting);
    },
    digest: async () => {
      post([], true);
      try {
        await until(() => digested !== undefined);
      } finally {
        drop();
      }
      return digested ?? '';
    },
    drop: () => {
      if (!waiting.has(id)) return;
      post([], true);
      drop();
    },
  };
}

/** Memory that nothing else looks into may change hands; of what is a part of something larger a copy goes. */
function whole(chunk: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, byteLength } = chunk;
  const alone = buffer instanceof ArrayBuffer && byteOffset === 0 && byteLength === buffer.byteLength;
  return alone ? new Uint8Array(buffer) : new Uint8Array(chunk);
}

function startThread(): Thread {
  const worker = new Worker(code, { eval: true, execArgv: [], name: 'gantry-hash' });
  const waiting: Thread['waiting'] = new Map();
  const started = { worker, waiting };
  const end = (error: Error): void => {
    if (thread === started) thread = undefined;
    for (const answer of waiting.values()) answer(error);
    waiting.clear();
  };
  worker.on('message', (answer: Answer) => waiting.get(answer.id)?.(answer));
  worker.on('error', end);
  worker.on('exit', (exitCode) => end(new Error(`the thread that hashes has ended (${exitCode})`)));
  worker.unref();
  return started;
}
