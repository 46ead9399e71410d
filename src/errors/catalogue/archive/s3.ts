import type { CatalogueEntry } from '../entry.ts';

/** What an object store answers. */
export const s3Errors = {
  S3_UNREACHABLE: {
    meaning: 'The worker could not connect to the object store, or the connection broke before the answer came.',
    retryable: true,
    hint: 'From the worker: `curl -I <endpoint>`; then look at the network and the `endpoint` of the archive in the platform file.',
  },
  S3_TIMEOUT: {
    meaning: 'The object store did not answer in time, or stopped sending in the middle of an object.',
    retryable: true,
    hint: 'Look at the network between the worker and the store; `gantry retry <id>` looks before it acts.',
  },
  S3_THROTTLED: {
    meaning: 'The object store asks Gantry to slow down, and still did after several waits.',
    retryable: true,
    hint: 'Lower `transfer.requestsPerSecond` of the archive, or see what else uses the bucket; `gantry retry <id>`.',
  },
  S3_AUTH_FAILED: {
    meaning: 'The object store does not accept the access key, its secret or its token, or finds the request too old.',
    retryable: false,
    hint: 'Compare the secrets that `credentials` of the archive names; if the message speaks of time, the clock of the worker is wrong. Restart the worker after a change.',
  },
  S3_NO_PERMISSION: {
    meaning: 'The object store refuses this request to the user of this worker.',
    retryable: false,
    hint: 'The message names the request. Grant it (docs/archive/backup.md lists what Gantry needs); for an encrypted object, also the use of its KMS key.',
  },
  S3_KEY_UNUSABLE: {
    meaning: 'The KMS key that the object is encrypted with is disabled, deleted, or not to be used by this worker.',
    retryable: false,
    hint: 'The message has the answer of KMS. Enable the key or grant its use (`kms:Decrypt`, `kms:GenerateDataKey`); a deleted key is lost for good after its waiting time, so cancel its deletion first.',
  },
  S3_NO_BUCKET: {
    meaning: 'The object store has no bucket of this name.',
    retryable: false,
    hint: 'Compare `bucket`, `region` and `endpoint` of the archive with the store.',
  },
  S3_OBJECT_MISSING: {
    meaning: 'The object, or the exact version that is asked for, is not there any more.',
    retryable: false,
    hint: 'List its versions and delete marks in the store; who deleted it is in its access log. A backup that stands on it cannot be restored: take an older one.',
  },
  S3_OBJECT_COLD: {
    meaning: 'The object lies in a cold storage class and has no readable copy: it must be thawed first.',
    retryable: false,
    hint: 'A restore thaws what it needs. If a copy was there, it has expired: `gantry retry <id>` asks for another one.',
  },
  S3_OBJECT_LOCKED: {
    meaning: 'The object is protected (retention or legal hold) and cannot be deleted or shortened.',
    retryable: false,
    hint: 'It stays until its retention ends. To delete it sooner, lift its hold or its governance retention by hand, with the right to bypass it.',
  },
  S3_BODY_DAMAGED: {
    meaning: 'The bytes of an object are not those that were written: their number or their SHA-256 differs.',
    retryable: true,
    hint: 'If it happens again for the same object, it is damaged where it lies: the message names it. Take another backup now, and restore from another one.',
  },
  S3_BODY_TOO_LARGE: {
    meaning: 'An object is larger than what is expected under its key.',
    retryable: false,
    hint: 'Look at the object that the message names: it was not written by Gantry.',
  },
  S3_NO_VERSIONING: {
    meaning: 'The bucket does not keep versions, so an object could be replaced without a trace.',
    retryable: false,
    hint: 'Turn versioning on (`aws s3api put-bucket-versioning`), and Object Lock if `lock` of the archive is not `none`.',
  },
  S3_NO_OBJECT_LOCK: {
    meaning: 'The platform file asks for retention or legal holds, and the bucket has no Object Lock.',
    retryable: false,
    hint: 'Turn Object Lock on for the bucket, or set `lock: none` and `legalHold: false` for the archive: then whoever may delete objects can delete backups.',
  },
  S3_REFUSED: {
    meaning: 'The object store refused a request for a reason that Gantry has no code for.',
    retryable: false,
    hint: 'Its answer is in the message.',
  },
} as const satisfies Record<string, CatalogueEntry>;
