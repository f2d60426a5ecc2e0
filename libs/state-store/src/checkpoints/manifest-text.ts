import { createHash } from 'node:crypto';
import { isObjectKey } from '@fleetstream/object-store';
import { type CheckpointFile, type CheckpointManifest } from './port.ts';

/** Raised when a manifest of today can't be read by yesterday's release. */
const schemaVersion = 1;

const filesMax = 100_000;

export type ParsedManifestText =
  | { readonly kind: 'manifest'; readonly manifest: CheckpointManifest }
  | { readonly kind: 'damaged' | 'too-new'; readonly detail: string };

/** `{"schemaVersion","digest","body"}`; the digest is the SHA-256 of the body's JSON. */
export function formatManifestText(manifest: CheckpointManifest): string {
  const body = toBody(manifest);
  return JSON.stringify({ schemaVersion, digest: digestOf(body), body });
}

/** Never throws: a damaged manifest is an expected outcome. */
export function parseManifestText(text: string): ParsedManifestText {
  let outer: unknown;
  try {
    outer = JSON.parse(text);
  } catch {
    return damaged('not JSON');
  }
  if (!isRecord(outer) || !isCount(outer['schemaVersion'])) return damaged('no schemaVersion');
  if (outer['schemaVersion'] > schemaVersion) {
    return { kind: 'too-new', detail: `schemaVersion ${outer['schemaVersion']}, this release reads ${schemaVersion}` };
  }
  const body = outer['body'];
  if (!isRecord(body) || outer['digest'] !== digestOf(body)) return damaged('the digest is another one');
  if (!isManifest(body)) return damaged('a field is missing or of another kind');
  return { kind: 'manifest', manifest: toBody(body) };
}

/** One order of fields, whatever object it comes from: the digest is over the text. */
function toBody(manifest: CheckpointManifest): CheckpointManifest {
  const { partition, topic, foldName, stateVersion, appliedOffset, logTimeMs, createdAtMs, files } = manifest;
  return {
    partition,
    topic,
    foldName,
    stateVersion,
    appliedOffset,
    logTimeMs,
    createdAtMs,
    files: files.map(({ name, sizeBytes, sha256 }) => ({ name, sizeBytes, sha256 })),
  };
}

function digestOf(body: object): string {
  return createHash('sha256').update(JSON.stringify(body)).digest('hex');
}

function damaged(detail: string): ParsedManifestText {
  return { kind: 'damaged', detail };
}

function isManifest(body: object): body is CheckpointManifest {
  const read = body as Record<keyof CheckpointManifest, unknown>;
  return (
    [read.partition, read.stateVersion, read.appliedOffset, read.logTimeMs, read.createdAtMs].every(isCount) &&
    [read.topic, read.foldName].every((text) => typeof text === 'string') &&
    Array.isArray(read.files) &&
    read.files.length > 0 &&
    read.files.length <= filesMax &&
    read.files.every(isFile)
  );
}

/** A name becomes a path when the checkpoint is restored, so it must not lead out of the folder. */
function isFile(file: unknown): file is CheckpointFile {
  return (
    isRecord(file) &&
    typeof file['name'] === 'string' &&
    isObjectKey(file['name']) &&
    !file['name'].includes('/') &&
    isCount(file['sizeBytes']) &&
    typeof file['sha256'] === 'string' &&
    /^[0-9a-f]{64}$/.test(file['sha256'])
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
