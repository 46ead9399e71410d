import { processContext } from './context.ts';
import { runCli } from './program.ts';

const context = processContext();
const code = await runCli(process.argv.slice(2), context);
// Not `process.exit`: what is still being written would be lost.
process.exitCode = context.interrupted.aborted && code === 0 ? 130 : code;
