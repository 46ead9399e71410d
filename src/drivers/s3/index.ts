export type { Asked } from './counted.ts';
export { countedStore } from './counted.ts';
export type { S3ConnectOptions } from './connect.ts';
export { connectS3 } from './connect.ts';
export { isCold } from './thaw.ts';
export { sha256Metadata } from './put.ts';
export type {
  ObjectFacts,
  ObjectRef,
  ObjectStore,
  ObjectVersion,
  PutRequest,
  RestoreAnswer,
  RestoreTier,
  S3Credentials,
  S3Endpoint,
  ThawState,
} from './types.ts';
