/**
 * A shell script as a command: `name` is its `$0`, so that what the shell itself complains about says where, and its arguments
 * are `$1`, `$2` …, never part of its text.
 */
export function script(name: string, text: string, ...args: readonly string[]): readonly string[] {
  return ['sh', '-c', text, name, ...args];
}
