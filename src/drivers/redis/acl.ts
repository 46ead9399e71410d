import { createHash } from 'node:crypto';

/**
 * The rules of one user in one form: the same rights give the same texts, however the line is written. The passwords are a
 * digest of their hashes, `any` or `none`: they can be compared and not be guessed.
 */
export type AclRules = {
  state: 'on' | 'off';
  passwords: string;
  payload: 'sanitize-payload' | 'skip-sanitize-payload';
  keys: string;
  channels: string;
  commands: string;
  /** Of Redis 7: further sets of rights, each in parentheses. */
  selectors: string;
  /** Rules that this parser does not know, as they are written. */
  other: string;
};

const hashDigits = 16;

/**
 * The lines of `ACL LIST` → rules by user. A node that restarts after CONFIG REWRITE writes its users in another way than one
 * that made them from `requirepass` (7.0.15 lists `sanitize-payload` then, which is the default): what is a default, or
 * stands in another order, makes no difference here.
 */
export function aclUsers(lines: readonly string[]): Record<string, AclRules> {
  const users: Record<string, AclRules> = {};
  for (const line of lines) {
    const [word, name, ...rules] = line.trim().split(/\s+/);
    if (word === 'user' && name !== undefined) users[name] = rulesOf(rules);
  }
  return users;
}

function rulesOf(words: readonly string[]): AclRules {
  const { own, selectors } = parted(words);
  const rights = rightsOf(own);
  const hashes = own.filter((word) => word.startsWith('#')).map((word) => word.toLowerCase());
  const passwords = own.includes('nopass') ? 'any' : hashes.length > 0 ? digest([...new Set(hashes)].sort()) : 'none';
  return {
    state: own.lastIndexOf('on') > own.lastIndexOf('off') ? 'on' : 'off',
    passwords,
    payload: own.includes('skip-sanitize-payload') ? 'skip-sanitize-payload' : 'sanitize-payload',
    keys: rights.keys,
    channels: rights.channels,
    commands: rights.commands,
    selectors: selectors
      .map((inner) => rightsOf(inner))
      .map(({ keys, channels, commands, other }) => `(${[keys, channels, commands, other].filter(Boolean).join(' ')})`)
      .sort()
      .join(' '),
    other: rights.other,
  };
}

/** The user's own rules, and those of its selectors without their parentheses. */
function parted(words: readonly string[]): { own: string[]; selectors: string[][] } {
  const own: string[] = [];
  const selectors: string[][] = [];
  let open: string[] | undefined;
  for (const word of words) {
    if (!open && !word.startsWith('(')) {
      own.push(word);
      continue;
    }
    open ??= [];
    open.push(word.replace(/^\(/, '').replace(/\)$/, ''));
    if (!word.endsWith(')')) continue;
    selectors.push(open.filter(Boolean));
    open = undefined;
  }
  return { own, selectors };
}

type Rights = Pick<AclRules, 'keys' | 'channels' | 'commands' | 'other'>;

/** What says nothing about keys, channels and commands, or only what is so without it. */
const elsewhere = /^(on|off|nopass|resetpass|(skip-)?sanitize-payload|#.*)$/;

function rightsOf(words: readonly string[]): Rights {
  let keys = new Set<string>();
  let channels = new Set<string>();
  let commands: string[] = [];
  const other: string[] = [];
  for (const word of words) {
    if (word === 'resetkeys') keys = new Set();
    else if (word === 'resetchannels') channels = new Set();
    else if (word === '+@all' || word === 'allcommands') commands = ['+@all'];
    else if (word === '-@all' || word === 'nocommands') commands = [];
    else if (/^[+-]/.test(word)) commands.push(word);
    else if (word === 'allkeys') keys.add('~*');
    else if (word === 'allchannels') channels.add('&*');
    else if (/^(~|%)/.test(word)) keys.add(word.replace(/^%(RW|WR)~/, '~'));
    else if (word.startsWith('&')) channels.add(word);
    else if (!elsewhere.test(word)) other.push(word);
  }
  return {
    keys: keys.has('~*') ? '~*' : [...keys].sort().join(' '),
    channels: channels.has('&*') ? '&*' : [...channels].sort().join(' '),
    commands: commands.join(' '),
    other: other.sort().join(' '),
  };
}

function digest(hashes: readonly string[]): string {
  return createHash('sha256').update(hashes.join('\n')).digest('hex').slice(0, hashDigits);
}
