export * from './port.ts';
export { assertObjectKey, isObjectKey } from './object-key.ts';
export { createFileObjectStore } from './create-file-object-store.ts';
