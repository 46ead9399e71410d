import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCommands, parseTail } from '../../../src/drivers/redis-files/index.ts';

const encode = (words: readonly string[]): Buffer =>
  Buffer.from(
    `*${words.length}\r\n${words.map((word) => `$${Buffer.byteLength(word)}\r\n${word}\r\n`).join('')}`,
    'utf8',
  );

test('reads every write, passes keep-alives and annotations over, and leaves a last one that is cut short out', () => {
  const set = encode(['SET', 'k', 'v']);
  const bytes = Buffer.concat([
    encode(['SELECT', '0']),
    Buffer.from('#TS:1700000000\r\n'),
    set,
    encode(['PING']),
    encode(['INCR', 'n']),
    set.subarray(0, set.length - 4),
  ]);
  const parsed = parseCommands(bytes);
  expect(parsed?.commands.map(({ name, key }) => [name, key])).toEqual([
    ['set', 'k'],
    ['incr', 'n'],
  ]);
  expect(parsed?.end).toBe(bytes.length - (set.length - 4));
});

test('is not fooled by what is no file of commands', () => {
  expect(parseCommands(Buffer.from('hello\r\nworld\r\n'))).toBeUndefined();
});

test('a piece that begins anywhere gives the writes from its first whole command on', () => {
  const word = fc.string({ maxLength: 12 });
  const command = fc.tuple(fc.constantFrom('SET', 'INCR', 'DEL'), word, word);
  fc.assert(
    fc.property(fc.array(command, { minLength: 3, maxLength: 10 }), fc.nat(), (commands, at) => {
      const pieces = commands.map(encode);
      const bytes = Buffer.concat(pieces);
      const whole = parseCommands(bytes)?.commands ?? [];
      const tail = parseTail(bytes.subarray(at % (pieces[0]?.length ?? 1)));
      const rest = at % (pieces[0]?.length ?? 1) === 0 ? whole : whole.slice(1);
      expect(tail.map(({ raw }) => raw)).toEqual(rest.map(({ raw }) => raw));
    }),
  );
});
