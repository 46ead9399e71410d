/** Where a service of AWS is asked: its own address in the region unless another one is given. */
export type AwsEndpoint = { region: string; endpoint?: string };

export type AwsCredentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string };

export type AwsTags = Readonly<Record<string, string>>;
