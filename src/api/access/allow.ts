import type { Access, Grant, Role } from './schema.ts';

/** A person who has proven who they are, and how. */
export type Who = {
  person: string;
  /** Groups that the identity provider names; those of the access file are added where something is decided. */
  groups: readonly string[];
  /** The token's id, or `oidc`: for the access log. Never the token. */
  by: string;
};

/** What a request needs. Any role allows `see`. */
export type Need = 'see' | 'start' | 'operate' | 'approve';

const allowedBy: Readonly<Record<Need, readonly Role[]>> = {
  see: ['viewer', 'proposer', 'operator', 'approver'],
  start: ['proposer', 'operator'],
  operate: ['operator'],
  approve: ['approver'],
};

export type Decision = { allowed: boolean; why: string };

/** Whether a person may do something with runs of a kind, and which grant says so. Nothing that is not granted is allowed. */
export function decide(access: Access, who: Pick<Who, 'person' | 'groups'>, need: Need, kind: string): Decision {
  const names = new Set([who.person, ...groupsOf(access, who).map((group) => `group:${group}`)]);
  const roles = allowedBy[need];
  for (const [at, grant] of access.grants.entries()) {
    const role = grant.roles.find((one) => roles.includes(one));
    if (!role || !names.has(grant.to) || !covers(grant, kind)) continue;
    return { allowed: true, why: `grants[${at}]: ${grant.to} is ${role} over ${grant.over.join(', ')}` };
  }
  const which = [...names].join(', ');
  return { allowed: false, why: `no grant makes ${which} ${roles.join(' or ')} over ${kind}` };
}

/** Whether a person may see runs of some kind at all: what lists, kinds and health need. */
export function seesAnything(access: Access, who: Pick<Who, 'person' | 'groups'>): boolean {
  const names = new Set([who.person, ...groupsOf(access, who).map((group) => `group:${group}`)]);
  return access.grants.some(({ to }) => names.has(to));
}

function groupsOf({ groups }: Access, who: Pick<Who, 'person' | 'groups'>): string[] {
  const own = Object.entries(groups).filter(([, people]) => people.includes(who.person));
  return [...new Set([...who.groups, ...own.map(([name]) => name)])];
}

function covers({ over }: Grant, kind: string): boolean {
  return over.some((one) => one === '*' || one === kind || (one.endsWith('.*') && kind.startsWith(one.slice(0, -1))));
}
