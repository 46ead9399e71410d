import type { CatalogueEntry } from './entry.ts';

/** Errors of `gantry platform pin`: what the registries of images answer. Nothing was written. */
export const imageErrors = {
  IMAGE_REGISTRY_AWAY: {
    meaning: 'A registry of images, or its token server, does not answer, or asks to slow down.',
    retryable: true,
    hint: 'From this machine: `curl -I https://<registry>/v2/`. A CA of your own is named by `NODE_EXTRA_CA_CERTS`. Then run the command again.',
  },
  IMAGE_UNKNOWN: {
    meaning:
      'The registry has no such repository, tag or digest. Some registries say so as well where the login may not see it.',
    retryable: false,
    hint: 'Correct the name or the tag under `rollout.images`; a digest that no registry has was typed, or its image was deleted.',
  },
  IMAGE_UNAUTHORIZED: {
    meaning:
      'The registry, or its token server, refuses the login, or wants one that the Docker configuration does not have.',
    retryable: false,
    hint: 'Log in with `docker login <registry>`, or name a Docker configuration that has the login: `--docker-config <file>`.',
  },
  IMAGE_DIGEST_DIFFERS: {
    meaning:
      'What a registry gave is not what its digest says: the bytes were changed on the way, or the registry is broken.',
    retryable: false,
    hint: 'Use none of it. Look at what is between this machine and the registry (a proxy, a mirror), and ask the operator of the registry.',
  },
  IMAGE_PLATFORM_MISSING: {
    meaning: 'The image was not built for the platform of the hosts.',
    retryable: false,
    hint: 'Build and push it for the platform that the message names (`docker buildx build --platform linux/amd64`), or name another tag.',
  },
  IMAGE_ANSWER_INVALID: {
    meaning:
      'A registry answers something else than the OCI distribution API has: no manifest, no token, too many bytes.',
    retryable: false,
    hint: 'Check the address of the registry in the name of the image. Manifests of the old schema 1 are not taken: push the image again.',
  },
  DOCKER_CONFIG_INVALID: {
    meaning: 'The Docker configuration cannot be read, or a credential helper that it names fails.',
    retryable: false,
    hint: 'Correct the file that the message names, or name another one: `--docker-config <file>`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
