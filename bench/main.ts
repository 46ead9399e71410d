import { cleanUp } from './cleanup.ts';
import type { Asked } from './command.ts';
import { readCommand } from './command.ts';
import { benches } from './registry.ts';

// `npm run --silent bench -- <name> [--json]`: 0 measured, 1 couldn't, 2 wrong usage, 130 interrupted.

const asked = readCommand(process.argv.slice(2), benches);
switch (asked.kind) {
  case 'help':
    console.log(asked.lines.join('\n'));
    break;
  case 'wrong':
    console.error(asked.lines.join('\n'));
    process.exitCode = 2;
    break;
  case 'run':
    // Long polls and timers of an interrupted bench must not keep the process.
    process.exit(await measure(asked));
}

async function measure({ bench, json, options }: Extract<Asked, { kind: 'run' }>): Promise<number> {
  const started = Date.now();
  const say = (line: string): void => {
    process.stderr.write(`${((Date.now() - started) / 1000).toFixed(1).padStart(6)}  ${line}\n`);
  };
  const interrupted = new Promise<undefined>((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(undefined));
  });
  try {
    const result = await Promise.race([bench.run(options, say), interrupted]);
    if (result === undefined) return 130;
    const lines = json ? [JSON.stringify(result)] : [...bench.table(result), '', 'measured on:', ...bench.settings];
    await new Promise<void>((resolve) => process.stdout.write(`${lines.join('\n')}\n`, () => resolve()));
    return 0;
  } catch (error) {
    console.error(error);
    return 1;
  } finally {
    await cleanUp();
  }
}
