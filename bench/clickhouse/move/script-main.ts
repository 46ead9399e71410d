import type { Statement } from './scripts.ts';
import { runStatements } from './scripts.ts';

// node script-main.ts '{"statements":[…],"dieAfter":1}': a script in a process of its own, killed (SIGKILL, by itself) after
// that statement. Exit code 1 and the server's words when a statement is refused.
const { statements, dieAfter } = JSON.parse(process.argv[2] ?? '') as {
  statements: readonly Statement[];
  dieAfter?: number;
};
try {
  await runStatements(statements, (at) => void (at === dieAfter && process.kill(process.pid, 'SIGKILL')));
} catch (error) {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
}
