type Pascal<S extends string> = S extends `${infer Head}-${infer Tail}`
  ? `${Capitalize<Head>}${Pascal<Tail>}`
  : Capitalize<S>;

/** The name that Temporal knows a step or a kind of run under: `redis.repoint-siblings` is `redisRepointSiblings`. */
export type ActivityName<S extends string> = S extends `${infer Domain}.${infer Name}` ? `${Domain}${Pascal<Name>}` : S;

type Kebab<S extends string> = S extends `${infer First}${infer Rest}`
  ? First extends Lowercase<First>
    ? `${First}${Kebab<Rest>}`
    : `-${Lowercase<First>}${Kebab<Rest>}`
  : '';

/** The name of the step behind a reference of a workflow: `redis` and `repointSiblings` are `redis.repoint-siblings`. */
export type NameOf<Domain extends string, Reference extends string> = `${Domain}.${Kebab<Reference>}`;

/** The name that Temporal knows a step or a kind of run under. */
export function activityName<S extends string>(name: S): ActivityName<S> {
  return name.replace(/[.-](\w)/g, (_, letter: string) => letter.toUpperCase()) as ActivityName<S>;
}

/** The name of the step behind a reference of a workflow. */
export function nameOf(domain: string, reference: string): string {
  return `${domain}.${reference.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
