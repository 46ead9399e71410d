import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { GantryError } from '../../src/errors/index.ts';
import { runsTypeScript } from '../run-typescript.ts';
import type { Writers, WritersOptions } from './redis-writers.ts';

/** `Writers` in another process: the same verbs, each a promise; `close()` ends it and forgets what it recorded. */
export type WriterProcess = {
  [Verb in keyof Writers]: (...args: Parameters<Writers[Verb]>) => Promise<Awaited<ReturnType<Writers[Verb]>>>;
} & { readonly pid: number; close(): Promise<void> };

/**
 * Starts the writers in a process of their own, so that neither their event loop nor ours is in the other's measurement.
 * @throws GantryError LAB_PART_FAILED
 */
export async function startWriterProcess(options: WritersOptions): Promise<WriterProcess> {
  const child = fork(fileURLToPath(new URL('./redis-writer-main.ts', import.meta.url)), {
    // A larger nursery: a collection every few hundred thousand writes rather than every few thousand.
    execArgv: [...runsTypeScript, '--max-semi-space-size=32'],
    serialization: 'advanced', // Infinity survives
  });
  const calls = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  let lastId = 0;
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.on('message', ({ id, result, error }: { id: number; result?: unknown; error?: string }) => {
    const call = calls.get(id);
    calls.delete(id);
    if (error === undefined) call?.resolve(result as never);
    else call?.reject(new GantryError('LAB_PART_FAILED', `redis writer: ${error}`));
  });
  child.once('exit', (code, by) => {
    for (const { reject } of calls.values()) {
      reject(new GantryError('LAB_PART_FAILED', `the redis writer's process ended (${by ?? code})`));
    }
    calls.clear();
  });
  const ask = (method: string, args: unknown[]): Promise<never> =>
    new Promise((resolve, reject) => {
      lastId += 1;
      calls.set(lastId, { resolve, reject });
      child.send({ id: lastId, method, args }, (error) => error && reject(error));
    });

  await ask('start', [options]);
  return {
    pid: child.pid as number,
    snapshot: () => ask('snapshot', []),
    mark: (label) => ask('mark', [label]),
    gap: (...marks) => ask('gap', marks),
    gaps: (...window) => ask('gaps', window),
    twoPrimaries: (...window) => ask('twoPrimaries', window),
    verify: (node) => ask('verify', [{ host: node.host, port: node.port }]),
    stop: () => ask('stop', []),
    async close() {
      if (child.connected) child.disconnect();
      const late = setTimeout(() => child.kill('SIGKILL'), 2_000);
      await exited;
      clearTimeout(late);
    },
  };
}
