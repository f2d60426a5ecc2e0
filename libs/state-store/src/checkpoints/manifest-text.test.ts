import { describe, expect, it } from 'vitest';
import { formatManifestText, parseManifestText } from './manifest-text.ts';
import { type CheckpointManifest } from './port.ts';

const manifest: CheckpointManifest = {
  partition: 3,
  topic: 'fleet.events',
  foldName: 'robot',
  stateVersion: 1,
  appliedOffset: 1234,
  logTimeMs: 1_800_000_000_000,
  createdAtMs: 1_800_000_000_500,
  files: [
    { name: '000009.sst', sizeBytes: 10, sha256: 'a'.repeat(64) },
    { name: 'CURRENT', sizeBytes: 16, sha256: 'b'.repeat(64) },
  ],
};

/** With a right digest, so that the fields themselves are judged. */
function withFields(fields: object): string {
  return formatManifestText({ ...manifest, ...fields });
}

describe('parseManifestText', () => {
  it('reads what was written, whatever order its fields had', () => {
    expect(parseManifestText(formatManifestText(manifest))).toEqual({ kind: 'manifest', manifest });
    const shuffled = Object.fromEntries(Object.entries(manifest).reverse()) as unknown as CheckpointManifest;
    expect(formatManifestText(shuffled)).toBe(formatManifestText(manifest));
  });

  it('takes no text with a changed byte, nor one cut short', () => {
    const text = formatManifestText(manifest);
    for (let at = 0; at < text.length; at++) {
      const changed = text.slice(0, at) + (text[at] === '1' ? '2' : '1') + text.slice(at + 1);
      expect(parseManifestText(changed).kind).not.toBe('manifest');
      expect(parseManifestText(text.slice(0, at)).kind).toBe('damaged');
    }
  });

  it('tells a later schema from damage', () => {
    const later = formatManifestText(manifest).replace('"schemaVersion":1', '"schemaVersion":2');
    expect(parseManifestText(later).kind).toBe('too-new');
  });

  it.each([
    { name: 'no JSON', text: 'x' },
    { name: 'no object', text: '[]' },
    { name: 'no body', text: '{"schemaVersion":1}' },
    { name: 'a negative offset', text: withFields({ appliedOffset: -1 }) },
    { name: 'an offset that is no integer', text: withFields({ appliedOffset: 0.5 }) },
    { name: 'an offset as text', text: withFields({ appliedOffset: '1' }) },
    { name: 'no topic', text: withFields({ topic: undefined }) },
    { name: 'no files', text: withFields({ files: [] }) },
    { name: 'a file that leads out of the folder', text: withFile({ name: '../x' }) },
    { name: 'a file in a folder', text: withFile({ name: 'a/b' }) },
    { name: 'a file with a hash that is none', text: withFile({ sha256: 'x' }) },
    { name: 'a file of no size', text: withFile({ sizeBytes: null }) },
  ])('refuses $name', ({ text }) => {
    expect(parseManifestText(text).kind).toBe('damaged');
  });

  function withFile(fields: object): string {
    return withFields({ files: [{ ...manifest.files[0], ...fields }] });
  }
});
