export type { LoginOptions } from './logins.ts';
export { dockerLogins } from './logins.ts';
export type { RegistriesOptions } from './registries.ts';
export { imageRegistries } from './registries.ts';
export type { FoundImage, ImageName, ImageRegistries, RegistryLogin, RegistryLogins } from './types.ts';
