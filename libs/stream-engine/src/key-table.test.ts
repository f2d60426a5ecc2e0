import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeyTable } from './key-table.ts';

const key = fc.oneof(fc.constantFrom('a', 'b', 'ab', 'ä', 'robot-1', 'robot-10', ''), fc.string({ unit: 'binary' }));
const command = fc.record({ kind: fc.constantFrom('add', 'delete'), key });

describe('KeyTable', () => {
  it('holds what a Map holds, whatever is added and deleted', () => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 300 }), (commands) => {
        const table = new KeyTable<{ readonly key: string }>();
        const map = new Map<string, { readonly key: string }>();
        for (const { kind, key: text } of commands) {
          if (kind === 'delete') {
            table.delete(text);
            map.delete(text);
          } else if (!map.has(text)) {
            const entry = { key: text };
            table.add(entry);
            map.set(text, entry);
          }
        }
        expect(table.size).toBe(map.size);
        for (const { key: text } of commands) {
          expect(table.get(text)).toBe(map.get(text));
          expect(table.getByBytes(Buffer.from(text))).toBe(map.get(Buffer.from(text).toString()));
        }
      }),
    );
  });

  it('stays exact while it grows and shrinks through many thousand keys', () => {
    const table = new KeyTable<{ readonly key: string }>();
    const keys = Array.from({ length: 20_000 }, (_, index) => `robot-${index}`);
    for (const text of keys) table.add({ key: text });
    for (const text of keys.slice(0, 15_000)) table.delete(text);
    expect(table.size).toBe(5000);
    expect(keys.filter((text) => table.get(text) !== undefined)).toEqual(keys.slice(15_000));
    expect(keys.filter((text) => table.getByBytes(Buffer.from(text))?.key === text)).toEqual(keys.slice(15_000));
  });

  it('finds a key of wrong UTF-8 by the text that is read from it', () => {
    const table = new KeyTable<{ readonly key: string }>();
    const bytes = Buffer.from([0x61, 0xe9]);
    table.add({ key: bytes.toString() });
    expect(table.getByBytes(bytes)?.key).toBe('a\ufffd');
    expect(table.getByBytes(Buffer.from('aé', 'latin1'))?.key).toBe('a\ufffd');
    expect(table.getByBytes(Buffer.from('aé'))).toBeUndefined();
  });
});
