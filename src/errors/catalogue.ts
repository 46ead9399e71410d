import { apiErrors } from './catalogue/api.ts';
import { approvalErrors } from './catalogue/approvals.ts';
import { archiveErrors } from './catalogue/archive.ts';
import { archiveAuditErrors } from './catalogue/archive/audit.ts';
import { archiveRestoreErrors } from './catalogue/archive/restore.ts';
import { s3Errors } from './catalogue/archive/s3.ts';
import { clickhouseErrors } from './catalogue/clickhouse.ts';
import { clickhouseMoveErrors } from './catalogue/clickhouse/move.ts';
import { clickhouseHealthErrors } from './catalogue/clickhouse/health.ts';
import { clickhousePlanningErrors } from './catalogue/clickhouse/rebalance.ts';
import { clickhouseShardErrors } from './catalogue/clickhouse/add-shard.ts';
import { clickhouseTierErrors } from './catalogue/clickhouse/tier.ts';
import { engineErrors } from './catalogue/engine.ts';
import type { CatalogueEntry } from './catalogue/entry.ts';
import { hostErrors } from './catalogue/host.ts';
import { hostDiskErrors } from './catalogue/host/disks.ts';
import { hostSystemErrors } from './catalogue/host/system.ts';
import { imageErrors } from './catalogue/images.ts';
import { kubernetesErrors } from './catalogue/kubernetes.ts';
import { hostNetworkErrors } from './catalogue/host/network.ts';
import { labErrors } from './catalogue/lab.ts';
import { payloadErrors } from './catalogue/payloads.ts';
import { platformErrors } from './catalogue/platform.ts';
import { regionErrors } from './catalogue/region.ts';
import { awsErrors } from './catalogue/region/aws.ts';
import { ec2Errors } from './catalogue/region/ec2.ts';
import { edgeErrors } from './catalogue/region/edge.ts';
import { metricErrors } from './catalogue/region/metrics.ts';
import { redisErrors } from './catalogue/redis.ts';
import { sshErrors } from './catalogue/ssh.ts';

/** Every error that Gantry can give. `docs/reference/errors.md` lists exactly these (a test compares). */
export const catalogue = {
  ...engineErrors,
  ...payloadErrors,
  ...platformErrors,
  ...redisErrors,
  ...sshErrors,
  ...clickhouseErrors,
  ...clickhousePlanningErrors,
  ...clickhouseMoveErrors,
  ...clickhouseHealthErrors,
  ...clickhouseShardErrors,
  ...clickhouseTierErrors,
  ...hostErrors,
  ...hostDiskErrors,
  ...hostSystemErrors,
  ...kubernetesErrors,
  ...hostNetworkErrors,
  ...apiErrors,
  ...approvalErrors,
  ...s3Errors,
  ...archiveRestoreErrors,
  ...archiveErrors,
  ...archiveAuditErrors,
  ...regionErrors,
  ...imageErrors,
  ...ec2Errors,
  ...awsErrors,
  ...edgeErrors,
  ...metricErrors,
  ...labErrors,
};

export type ErrorCode = keyof typeof catalogue;

/** Whether `code` is in the catalogue. */
export function isErrorCode(code: unknown): code is ErrorCode {
  return typeof code === 'string' && Object.hasOwn(catalogue, code);
}

/** The catalogue's row of a code. */
export function entryOf(code: ErrorCode): CatalogueEntry {
  return catalogue[code];
}
