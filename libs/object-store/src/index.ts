export * from './port.ts';
export { assertObjectKey, isObjectKey } from './object-key.ts';
export { createFileObjectStore } from './create-file-object-store.ts';
export { createObjectStoreFromUrl, type ObjectStoreAccess } from './create-object-store-from-url.ts';
export { createS3ObjectStore, type S3ObjectStoreOptions } from './create-s3-object-store.ts';
export { type ObjectStorePlace, parseObjectStoreUrl } from './parse-object-store-url.ts';
export { type S3Credentials } from './s3-client.ts';
