import { execFileSync } from 'node:child_process';

/** How many commits there are: the next one has the next of what takes turns. A shallow clone cannot count: there the commit draws. */
export function turn(): number {
  const isShallow = git('rev-parse', '--is-shallow-repository') === 'true';
  return isShallow ? Number.parseInt(seed().slice(0, 8), 16) : Number(git('rev-list', '--count', 'HEAD') ?? 0);
}

/** The commit, so that a failure comes back when the same tree is tested again; without git the package's version. */
export function seed(): string {
  return git('rev-parse', 'HEAD') ?? process.env['npm_package_version'] ?? 'no commit';
}

/** Those of all that this commit tests, the next ones with the next; all of them where GANTRY_WHOLE is set. */
export function takeTurns<T>(all: readonly T[], count: number): T[] {
  return inTurn(all, process.env['GANTRY_WHOLE'] === undefined ? count : all.length, turn());
}

/** `count` of all in the order of a circle, from where the turn before left off. `turn`: one more with each commit. */
export function inTurn<T>(all: readonly T[], count: number, turn: number): T[] {
  const many = Math.min(count, all.length);
  return Array.from({ length: many }, (_, at) => all[(turn * many + at) % all.length] as T);
}

function git(...args: string[]): string | undefined {
  try {
    return execFileSync('git', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}
