import { describe, expect, it } from 'vitest';
import { fillEnvironment, randomBase64, randomHex } from './fill-environment.ts';

const variables = [
  { name: 'KEY', comment: 'A key.', make: () => 'k1' },
  { name: 'TOKEN', comment: 'A token.', make: () => 't1' },
  { name: 'LATER', comment: 'Somebody else knows it.', make: () => '' },
];

describe('fillEnvironment', () => {
  it.each([
    {
      name: 'makes everything when there is nothing',
      given: '',
      text: '# A key.\nKEY=k1\n# A token.\nTOKEN=t1\n# Somebody else knows it.\nLATER=\n',
      made: ['KEY', 'TOKEN'],
    },
    {
      name: 'keeps what is there, in its place',
      given: '# mine\nTOKEN=old\nOTHER=1\n',
      text: '# mine\nTOKEN=old\nOTHER=1\n# A key.\nKEY=k1\n# Somebody else knows it.\nLATER=\n',
      made: ['KEY'],
    },
    {
      name: 'fills in a variable that has no value',
      given: 'KEY=\nTOKEN=old\nLATER=x',
      text: 'KEY=k1\nTOKEN=old\nLATER=x\n',
      made: ['KEY'],
    },
  ])('$name', ({ given, text, made }) => {
    expect(fillEnvironment(given, variables)).toEqual({ text, made });
    expect(fillEnvironment(text, variables)).toEqual({ text, made: [] });
  });

  it('makes other secrets each time, of the length asked for', () => {
    expect(randomHex(24)()).toMatch(/^[0-9a-f]{48}$/);
    expect(Buffer.from(randomBase64(32)(), 'base64')).toHaveLength(32);
    expect(randomHex(24)()).not.toBe(randomHex(24)());
  });
});
