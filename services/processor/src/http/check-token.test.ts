import { describe, expect, it } from 'vitest';
import { createTokenCheck } from './check-token.ts';

describe('createTokenCheck', () => {
  it.each([
    { name: 'the token', header: 'Bearer right-token', right: true },
    { name: 'the scheme in any case', header: 'bearer right-token', right: true },
    { name: 'another token', header: 'Bearer wrong-token', right: false },
    { name: 'a longer one', header: 'Bearer right-token-and-more', right: false },
    { name: 'the token without its scheme', header: 'right-token', right: false },
    { name: 'another scheme', header: 'Basic right-token', right: false },
    { name: 'an empty one', header: 'Bearer ', right: false },
    { name: 'none', header: undefined, right: false },
  ])('$name → $right', ({ header, right }) => {
    expect(createTokenCheck('right-token')(header)).toBe(right);
  });
});
