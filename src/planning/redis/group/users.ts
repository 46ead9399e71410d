import type { Finding, UserRules } from './types.ts';

type Users = Readonly<Record<string, UserRules>>;
type Side = { name: string; users: Users };

/** Longer rules are cut: whoever reads the finding looks at the node anyway. */
const mostCharacters = 120;

/** What differs between the users of two nodes, each with its name and the rule. Passwords are compared and never shown. */
export function userFindings(mine: Side, theirs: Side): Finding[] {
  const names = [...new Set([...Object.keys(mine.users), ...Object.keys(theirs.users)])].sort();
  return names.flatMap((user) => {
    const [here, there] = [mine.users[user], theirs.users[user]];
    if (here && there) return ruleFindings(user, { name: mine.name, rules: here }, { name: theirs.name, rules: there });
    const [has, lacks] = here ? [mine.name, theirs.name] : [theirs.name, mine.name];
    return [finding(`the user ${user} is on ${has} and not on ${lacks}`, mine.name)];
  });
}

function ruleFindings(
  user: string,
  mine: { name: string; rules: UserRules },
  theirs: { name: string; rules: UserRules },
): Finding[] {
  const kinds = [...new Set([...Object.keys(mine.rules), ...Object.keys(theirs.rules)])].sort();
  return kinds.flatMap((kind) => {
    const [here, there] = [mine.rules[kind] ?? '', theirs.rules[kind] ?? ''];
    if (here === there) return [];
    if (kind === 'passwords') {
      return [finding(`the passwords of the user ${user} differ between ${mine.name} and ${theirs.name}`, mine.name)];
    }
    const words = `the user ${user} has ${kind} ${show(here)} on ${mine.name} and ${show(there)} on ${theirs.name}`;
    return [finding(words, mine.name)];
  });
}

function finding(message: string, place: string): Finding {
  return { code: 'REDIS_CONFIG_MISMATCH', message, place };
}

function show(rule: string): string {
  if (rule === '') return '(none)';
  return rule.length > mostCharacters ? `${rule.slice(0, mostCharacters)}…` : rule;
}
