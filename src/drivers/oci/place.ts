/** Where a repository is asked for. */
export type RegistryPlace = {
  /** As logins name it. */
  host: string;
  repository: string;
  /** Of its API, without a slash at the end. */
  origin: string;
};

/** Docker Hub has three names: in references, of its API, and in the Docker configuration. */
const hub = { name: 'docker.io', api: 'registry-1.docker.io', login: 'index.docker.io' };

/**
 * A repository without a registry is one of Docker Hub, as every runtime reads it: the first part is a registry only with a dot or
 * a port in it, or as `localhost`. A registry on loopback is asked without TLS, any other one never.
 */
export function placeOf(name: string): RegistryPlace {
  const [first = '', ...rest] = name.split('/');
  const named = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const host = named ? first : hub.name;
  const path = named ? rest.join('/') : name;
  if (host === hub.name || host === hub.login) {
    const repository = path.includes('/') ? path : `library/${path}`;
    return { host: hub.login, repository, origin: `https://${hub.api}` };
  }
  return { host, repository: path, origin: `${isLoopback(host) ? 'http' : 'https'}://${host}` };
}

/** Whether a host, with a port or without, is this machine. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(host);
}
