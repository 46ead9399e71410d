import type { CatalogueEntry } from './entry.ts';

/** Of the Kubernetes API of a region. */
export const kubernetesErrors = {
  KUBERNETES_UNREACHABLE: {
    meaning:
      'The API server did not answer in time, the connection was refused or broke, or its certificate is not signed by the authority that the platform file names. The outcome of a change that was sent is unknown.',
    retryable: true,
    hint: 'From the worker: `curl --cacert <ca> <api>/readyz`; compare `api` and `ca` in `hosts.kubernetes` of the platform file.',
  },
  KUBERNETES_AUTHORITY_UNREADABLE: {
    meaning: 'The file with the authority of a Kubernetes API cannot be read by this worker.',
    retryable: false,
    hint: 'Correct `ca` in `hosts.kubernetes`, or mount the file where the worker runs.',
  },
  KUBERNETES_UNAVAILABLE: {
    meaning:
      'The API server answered that it cannot serve the request now: it is overloaded, starting, or has lost etcd.',
    retryable: true,
    hint: '`kubectl get --raw /readyz?verbose` shows what it waits for.',
  },
  KUBERNETES_FORBIDDEN: {
    meaning: 'The API server refused the token, or its user may not do what the step needs.',
    retryable: false,
    hint: 'The user needs get, list, create, update and patch of nodes: `kubectl auth can-i --list --as <user>`; then correct the role or the token and `gantry retry <id>`.',
  },
  KUBERNETES_CONFLICT: {
    meaning: 'Another client changed the object after the step had read it; nothing was written.',
    retryable: true,
    hint: 'The step reads it again by itself. If it repeats: `kubectl get node <name> --show-managed-fields -o yaml` shows who writes.',
  },
  KUBERNETES_NOT_FOUND: {
    meaning: 'The object does not exist (any more).',
    retryable: false,
    hint: '`kubectl get` what the message names. A Node that was deleted on purpose: onboard the host again. A namespace: the component that brings it comes too late, see its `after`.',
  },
  KUBERNETES_REFUSED: {
    meaning: 'The API server or one of its admission controllers refused the object; its reason is in the message.',
    retryable: false,
    hint: 'Read the reason in the message: it names the field or the policy. Correct it, then `gantry retry <id>`.',
  },
  KUBERNETES_UNEXPECTED_ANSWER: {
    meaning: 'The API server answered something that does not have the form of the API.',
    retryable: false,
    hint: 'Check that `api` in `hosts.kubernetes` is an API server and not a proxy that answers for it.',
  },
} as const satisfies Record<string, CatalogueEntry>;
