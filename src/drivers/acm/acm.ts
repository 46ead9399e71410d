import { ACMClient, DescribeCertificateCommand } from '@aws-sdk/client-acm';
import type { AwsCredentials, AwsEndpoint, AwsOptions } from '../aws/index.ts';
import { clientConfig, must, requestsOf } from '../aws/index.ts';

export type AcmCertificate = {
  /** As ACM says it; a load balancer takes one that is `ISSUED`. */
  status: string;
  /** The names that it is for, in lower case; `*.` stands for one label. */
  names: readonly string[];
  /** Milliseconds since the epoch; a certificate that was not issued yet has none. */
  validFromMs?: number;
  validUntilMs?: number;
};

/** The certificates of an account in one region. Nothing is changed there. */
export type Acm = {
  /** @throws AWS_MISSING where the account has no such certificate in the region */
  certificate(arn: string): Promise<AcmCertificate>;
  close(): void;
};

/** AWS Certificate Manager of one account in one region. Nothing is sent before the first verb. */
export function connectAcm(endpoint: AwsEndpoint, credentials?: AwsCredentials, options: AwsOptions = {}): Acm {
  const { ask, close } = requestsOf('AWS', new ACMClient(clientConfig(endpoint, credentials)), options);
  return {
    async certificate(arn) {
      const request = `DescribeCertificate ${arn}`;
      const command = new DescribeCertificateCommand({ CertificateArn: arn });
      const { Certificate } = await ask(request, (client, sent) => client.send(command, sent));
      const { Status, DomainName, SubjectAlternativeNames, NotBefore, NotAfter } = must(
        ...(['AWS', Certificate, request, 'Certificate'] as const),
      );
      const names = new Set([DomainName ?? [], SubjectAlternativeNames ?? []].flat().map((name) => name.toLowerCase()));
      return {
        ...{ status: Status ?? 'unknown', names: [...names] },
        ...(NotBefore === undefined ? {} : { validFromMs: NotBefore.getTime() }),
        ...(NotAfter === undefined ? {} : { validUntilMs: NotAfter.getTime() }),
      };
    },
    close,
  };
}
