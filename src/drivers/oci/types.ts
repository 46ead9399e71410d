/** What is asked for: a repository with its registry, as files name it, and a tag or a digest of it. */
export type ImageName = { name: string; reference: string };

/** What a registry has under a name: proven by the bytes that it gave. */
export type FoundImage = {
  /** SHA-256 of the manifest, or of the index of a multi-platform image: what a runtime is given. */
  digest: string;
  /** Of a multi-platform image all that it has, of another one its own: `linux/amd64`. */
  platforms: readonly string[];
};

export type ImageRegistries = {
  /**
   * Looks an image up.
   * @throws IMAGE_REGISTRY_AWAY, IMAGE_UNKNOWN, IMAGE_UNAUTHORIZED, IMAGE_DIGEST_DIFFERS, IMAGE_PLATFORM_MISSING,
   *   IMAGE_ANSWER_INVALID, DOCKER_CONFIG_INVALID
   */
  find(image: ImageName): Promise<FoundImage>;
};

/** A login of a registry. `identity` is a refresh token of OAuth2, which a helper stores in place of a password. */
export type RegistryLogin = { user: string; password: string } | { identity: string };

/** Whose login a registry gets, by its name in the Docker configuration. */
export type RegistryLogins = (host: string) => Promise<RegistryLogin | undefined>;
