export { must, tagList, tagsOf } from './read.ts';
export type { AwsOptions, AwsRequests } from './requests.ts';
export { clientConfig, requestsOf } from './requests.ts';
export type { AwsCredentials, AwsEndpoint, AwsTags } from './types.ts';
