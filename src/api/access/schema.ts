import { z } from 'zod';
import { isKind, kinds } from '../../runs/index.ts';

/** What a person may do with runs of the kinds that a grant names. Each role may also see them. */
export const roleNames = ['viewer', 'proposer', 'operator', 'approver'] as const;

export type Role = (typeof roleNames)[number];

const domains = [...new Set(Object.keys(kinds).map((kind) => kind.slice(0, kind.indexOf('.'))))];

/** Whether `selector` is a kind, `<domain>.*` or `*`. */
function isSelector(selector: string): boolean {
  return selector === '*' || isKind(selector) || domains.some((domain) => selector === `${domain}.*`);
}

const selector = z.string().refine(isSelector, {
  error: `a kind of run, <domain>.* or *; known domains: ${domains.join(', ')}`,
});

/** A person as tokens name them, or a group of people. */
const person = z.string().regex(/^[^\s:]{1,200}$/, { error: 'a person is named without spaces and colons' });

const grant = z.strictObject({
  to: z.string().regex(/^(group:)?[^\s:]{1,200}$/, { error: 'a person, or group:<name>' }),
  roles: z.array(z.enum(roleNames)).min(1),
  over: z.array(selector).min(1),
});

const token = z.strictObject({
  id: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/, { error: 'letters, digits, dot, dash, underscore' }),
  person,
  sha256: z.string().regex(/^[0-9a-f]{64}$/, { error: 'the SHA-256 of the token, 64 hexadecimal digits' }),
  expires: z.iso.datetime({ offset: true }),
});

const oidc = z.strictObject({
  issuer: z.url({ protocol: /^https?$/ }),
  audience: z.string().min(1),
  jwks: z.url({ protocol: /^https?$/ }),
  algorithms: z.array(z.enum(['RS256', 'PS256', 'ES256', 'EdDSA'])).min(1),
  personClaim: z.string().min(1).default('email'),
  groupsClaim: z.string().min(1).default('groups'),
});

/** Who may use the API: tokens, people, groups and what is granted to them. Grants only add; there is no denial. */
export const accessSchema = z
  .strictObject({
    version: z.literal(1),
    tokens: z.array(token).default([]),
    groups: z.record(z.string(), z.array(person)).default({}),
    grants: z.array(grant).default([]),
    oidc: oidc.exactOptional(),
  })
  .superRefine(({ tokens, groups, grants, oidc: provider }, context) => {
    const twice = tokens.findIndex(({ id }, at) => tokens.findIndex((one) => one.id === id) !== at);
    if (twice >= 0)
      context.addIssue({ code: 'custom', message: 'another token has this id', path: ['tokens', twice, 'id'] });
    for (const [at, { to }] of grants.entries()) {
      const name = to.startsWith('group:') ? to.slice('group:'.length) : undefined;
      // Groups of the identity provider are not listed here.
      if (name === undefined || provider || Object.hasOwn(groups, name)) continue;
      context.addIssue({ code: 'custom', message: `no group is called ${name}`, path: ['grants', at, 'to'] });
    }
  });

export type Access = z.output<typeof accessSchema>;
export type Grant = Access['grants'][number];
