import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** A request that the API server let through, and that was meant to change something. */
export type AuditedChange = {
  /** `patch` (server-side apply among them), `create`, `update`, `delete`. */
  verb: string;
  user: string;
  /** `deployments/gatewayd`. */
  object: string;
  /** 201: it was made. */
  status: number;
  /** Of the object afterwards: one that was not changed keeps it. */
  resourceVersion: string | undefined;
};

const policy = {
  ...{ apiVersion: 'audit.k8s.io/v1', kind: 'Policy', omitStages: ['RequestReceived'] },
  rules: [
    { level: 'None', users: ['kwok', 'system:kube-scheduler', 'system:kube-controller-manager', 'system:apiserver'] },
    { level: 'None', userGroups: ['system:serviceaccounts'] },
    { level: 'RequestResponse', verbs: ['create', 'update', 'patch', 'delete'] },
    { level: 'None' },
  ],
};

const logIn = (dir: string): string => join(dir, 'audit.log');

/** The flags by which an API server writes down what users change. */
export function auditFlags(dir: string): string[] {
  const file = join(dir, 'audit-policy.json');
  writeFileSync(file, JSON.stringify(policy));
  // As a request ends, not in batches: what is not in the log was not answered.
  return [`--audit-policy-file=${file}`, `--audit-log-path=${logIn(dir)}`, '--audit-log-mode=blocking'];
}

type Event = {
  stage: string;
  verb: string;
  requestURI: string;
  user?: { username?: string };
  objectRef?: { resource?: string; name?: string };
  responseStatus?: { code?: number };
  responseObject?: { metadata?: { resourceVersion?: string } };
};

/** What users changed, in its order; trials (`dryRun`) and refusals left out. */
export function auditedChanges(dir: string): AuditedChange[] {
  if (!existsSync(logIn(dir))) return [];
  const lines = readFileSync(logIn(dir), 'utf8').split('\n');
  return lines.flatMap((line): AuditedChange[] => {
    if (line === '') return [];
    const { stage, verb, requestURI, user, objectRef, responseStatus, responseObject } = JSON.parse(line) as Event;
    const status = responseStatus?.code ?? 0;
    if (stage !== 'ResponseComplete' || status >= 300 || /[?&]dryRun=/.test(requestURI)) return [];
    const object = `${objectRef?.resource ?? '?'}/${objectRef?.name ?? '?'}`;
    const resourceVersion = responseObject?.metadata?.resourceVersion;
    return [{ verb, user: user?.username ?? '?', object, status, resourceVersion }];
  });
}
