import { describe, expect, it } from 'vitest';
import { allow, findConflicts, renderKeyEntry, revoke, rotate, versionsInForce } from './key-changes.ts';

describe('what keys become', () => {
  it.each([
    { name: 'its own versions', own: { versions: [{ version: 3 }] }, all: { versions: [{ version: 2 }] }, expected: 3 },
    { name: "everybody's", own: {}, all: { versions: [{ version: 2 }] }, expected: 2 },
    { name: 'those configured', own: {}, all: {}, expected: 1 },
  ])('in force before are $name', ({ own, all, expected }) => {
    expect(versionsInForce(own, all, [1])).toEqual([{ version: expected }]);
  });

  it.each([
    {
      name: 'the old one ends with the overlap',
      before: [{ version: 1 }],
      expected: [{ version: 1, notAfterMs: 50 }, { version: 2 }],
    },
    {
      name: 'one that ends sooner is not prolonged',
      before: [{ version: 1, notAfterMs: 20 }],
      expected: [{ version: 1, notAfterMs: 20 }, { version: 2 }],
    },
    { name: 'the same again changes nothing', before: [{ version: 2 }], expected: [{ version: 2 }] },
  ])('rotating, $name', ({ before, expected }) => {
    expect(rotate({ robots: ['a'] }, before, 2, 50)).toEqual({ robots: ['a'], versions: expected });
  });

  it('revoking and allowing undo each other', () => {
    expect(revoke({}, undefined)).toEqual({ revoked: true });
    expect(allow(revoke({}, undefined), undefined)).toEqual({});
    expect(revoke(revoke({}, 1), 1)).toEqual({ revokedVersions: [1] });
    expect(allow({ revokedVersions: [1, 2] }, 1)).toEqual({ revokedVersions: [2] });
  });

  it.each([
    { claims: ['a-1'], expected: ['a-1 (f)', 'a-* (g)'] },
    { claims: ['a*'], expected: ['a-1 (f)', 'a-* (g)'] },
    { claims: ['a-*'], expected: ['a-1 (f)', 'a-* (g)'] },
    { claims: ['b-1', 'aa'], expected: [] },
  ])('a robot has one fleet: $claims', ({ claims, expected }) => {
    const entries = new Map([
      ['fleet:f', { robots: ['a-1'] }],
      ['fleet:g', { robots: ['a-*'] }],
      ['fleet:mine', { robots: ['a-1'] }],
      ['robot:a-1', {}],
    ]);
    expect(findConflicts('mine', claims, entries)).toEqual(expected);
  });

  it('a line says it all', () => {
    const entry = {
      versions: [{ version: 1, notAfterMs: 0 }, { version: 2, notAfterMs: 3_600_000 }, { version: 3 }],
      revokedVersions: [7],
      revoked: true,
      publicKeys: ['whpk_x'],
      robots: ['a-*'],
    };
    expect(renderKeyEntry('fleet:f', entry, 1)).toBe(
      'fleet:f: REVOKED; versions 1 (over), 2 (until 1970-01-01T01:00:00.000Z), 3; without 7; 1 ed25519 key; sends for a-*',
    );
    expect(renderKeyEntry('*', {}, 1)).toBe('*: as configured');
  });
});
