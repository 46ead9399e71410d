/**
 * A list of words → one line that a POSIX shell splits into exactly these words. The only way in which Gantry puts
 * anything into a remote command line: sshd always hands it to the user's shell.
 * @throws TypeError for a word with a NUL, which no argument can hold
 */
export function shellLine(words: readonly string[]): string {
  return words.map(shellWord).join(' ');
}

function shellWord(word: string): string {
  if (word.includes('\0')) throw new TypeError('an argument cannot hold a NUL');
  if (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
