import { describe, expect, it } from 'vitest';
import { atLeast, atMost, exactly, renderCheck, within } from './check.ts';

describe('checks', () => {
  it.each([
    { name: 'at the upper limit passes', check: atMost('a', 5, 5), pass: true },
    { name: 'beyond it fails', check: atMost('a', 6, 5), pass: false },
    { name: 'at the lower limit passes', check: atLeast('a', 5, 5), pass: true },
    { name: 'below it fails', check: atLeast('a', 4, 5), pass: false },
    { name: 'another number than the one wanted fails', check: exactly('a', 4, 5), pass: false },
    { name: 'at the edge of the tolerance passes', check: within('a', 7, 5, 2), pass: true },
    { name: 'beyond the tolerance fails', check: within('a', 2, 5, 2), pass: false },
    { name: 'what was not measured fails', check: atMost('a', undefined, 5), pass: false },
  ])('$name', ({ check, pass }) => {
    expect(check.pass).toBe(pass);
  });

  it('reads as a line', () => {
    expect(renderCheck(within('median', 7, 5, 2))).toBe('ok     median: 7 (5 ± 2)');
    expect(renderCheck(atMost('lost', undefined, 0))).toBe('FAILED lost: not measured (at most 0)');
  });
});
