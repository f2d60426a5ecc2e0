export * from './port.ts';
export { assertObjectKey, isObjectKey } from './object-key.ts';
export { createObjectStoreFromUrl, type ObjectStoreAccess } from './create-object-store-from-url.ts';
export { ensureBucket } from './ensure-bucket.ts';
export { type ObjectStorePlace, parseObjectStoreUrl } from './parse-object-store-url.ts';
export { type S3Credentials } from './s3-client.ts';
