import type { Writers, WritersOptions } from './redis-writers.ts';
import { startWriters } from './redis-writers.ts';

// The writers in a process of their own, driven over IPC by startWriterProcess. Ends with whoever started it.
type Call = { id: number; method: 'start' | keyof Writers; args: unknown[] };

let writers: Writers | undefined;

async function answer({ method, args }: Call): Promise<unknown> {
  if (method === 'start') {
    writers = startWriters(args[0] as WritersOptions);
    return true;
  }
  if (!writers) throw new Error('not started');
  return (writers[method] as (...given: unknown[]) => unknown)(...args);
}

process.on('message', (call: Call) => {
  answer(call).then(
    (result) => process.send?.({ id: call.id, result }),
    (error: unknown) => process.send?.({ id: call.id, error: String(error) }),
  );
});
process.once('disconnect', () => process.exit(0));
