import { z } from 'zod';
import { domains, isKind, kinds } from '../../runs/index.ts';

const known = Object.keys(kinds).join(', ');
const pattern = `^(${domains.join('|')})\\.[a-z][a-z-]*$`;

/** A kind of run that this build knows: a freeze over a misspelt kind would freeze nothing. */
export const kindName = z
  .string()
  .refine(isKind, { error: `no kind of run has this name; known: ${known}` })
  .meta({ pattern });

/** A kind of run, or all of a domain: `redis.switchover`, `redis.*`. */
export const kindOrDomain = z
  .string()
  .refine(isKindOrDomain, { error: `no kind of run has this name; known: ${known}, and <domain>.* for a whole domain` })
  .meta({ pattern: `^(${domains.join('|')})\\.([a-z][a-z-]*|\\*)$` });

/** Whether `selector` is a known kind or `<domain>.*`. */
export function isKindOrDomain(selector: string): boolean {
  return isKind(selector) || domains.some((domain) => selector === `${domain}.*`);
}

/** Whether `selector`, a kind or `<domain>.*`, covers `kind`. */
export function covers(selector: string, kind: string): boolean {
  return selector === kind || (selector.endsWith('.*') && kind.startsWith(selector.slice(0, -1)));
}
