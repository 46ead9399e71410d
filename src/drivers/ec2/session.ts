import { EC2Client } from '@aws-sdk/client-ec2';
import type { AwsOptions, AwsRequests } from '../aws/index.ts';
import { clientConfig, requestsOf } from '../aws/index.ts';
import type { Ec2Credentials, Ec2Endpoint } from './types.ts';

export type Ec2Options = AwsOptions;

/** What the verbs stand on: each request has a timeout and fails with a catalogue error. */
export type Ec2Session = Omit<AwsRequests<EC2Client>, 'pages'> & {
  /** All pages of a question, up to a bound. */
  pages: <T>(
    request: string,
    act: (
      client: EC2Client,
      page: { NextToken?: string },
      options: { abortSignal: AbortSignal },
    ) => Promise<{ NextToken?: string | undefined } & T>,
  ) => Promise<T[]>;
};

/** @internal */
export function sessionTo(
  endpoint: Ec2Endpoint,
  credentials: Ec2Credentials | undefined,
  options: Ec2Options,
): Ec2Session {
  const requests = requestsOf('EC2', new EC2Client(clientConfig(endpoint, credentials)), options);
  return {
    ...requests,
    pages: (request, act) =>
      requests.pages(
        request,
        (client, token: string | undefined, sent) => act(client, token === undefined ? {} : { NextToken: token }, sent),
        // An empty token is none.
        ({ NextToken }) => NextToken || undefined,
      ),
  };
}
