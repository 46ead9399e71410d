import { expect, test } from 'vitest';
import { aclUsers } from '../../../src/drivers/redis/acl.ts';

const hash = '#ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';

test('a line that a rewritten file brought back says the same as a fresh one', () => {
  const fresh = aclUsers([`user default on ${hash} ~* &* +@all`]);
  const rewritten = aclUsers([`user default on sanitize-payload ${hash} ~* &* +@all`]);
  expect(rewritten).toEqual(fresh);
  const spelled = aclUsers([`user default off on ${hash} resetchannels allchannels allkeys -@all allcommands`]);
  expect(spelled).toEqual(fresh);
});

test('order matters for commands and for nothing else', () => {
  const rules = (text: string) => aclUsers([`user app ${text}`])['app'];
  expect(rules(`on #a #b ~x ~y &c &d +@all -@dangerous`)).toEqual(rules('&d &c ~y ~x #b #a on +@all -@dangerous'));
  expect(rules('on +@all -@dangerous')).not.toEqual(rules('on -@dangerous +@all'));
  expect(rules('on ~x +get (~z -@all +set)')).toEqual(rules('on ~x -@all +get (+set ~z resetchannels)'));
});

test('whatever gives other rights is told apart, and no hash is in what is told', () => {
  const base = aclUsers([`user app on ${hash} ~x &c +get`])['app'];
  const changed = (line: string) => {
    const rules = aclUsers([`user app ${line}`])['app'];
    return Object.entries(rules ?? {}).flatMap(([kind, text]) => (text === base?.[kind as 'keys'] ? [] : [kind]));
  };
  expect(changed(`off ${hash} ~x &c +get`)).toEqual(['state']);
  expect(changed(`on nopass ~x &c +get`)).toEqual(['passwords']);
  expect(changed(`on #00 ~x &c +get`)).toEqual(['passwords']);
  expect(changed(`on skip-sanitize-payload ${hash} ~x &c +get`)).toEqual(['payload']);
  expect(changed(`on ${hash} %R~x &c +get`)).toEqual(['keys']);
  expect(changed(`on ${hash} ~x resetchannels +get`)).toEqual(['channels']);
  expect(changed(`on ${hash} ~x &c +get +set`)).toEqual(['commands']);
  expect(changed(`on ${hash} ~x &c +get (~y +get)`)).toEqual(['selectors']);
  expect(changed(`on ${hash} ~x &c +get db=1`)).toEqual(['other']);
  expect(JSON.stringify(base)).not.toContain(hash.slice(1, 12));
});
