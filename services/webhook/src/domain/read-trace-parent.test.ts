import { describe, expect, it } from 'vitest';
import { readTraceParent } from './read-trace-parent.ts';

const trace = '0af7651916cd43dd8448eb211c80319c';
const parent = 'b7ad6b7169203331';
const good = `00-${trace}-${parent}-01`;

describe('readTraceParent', () => {
  it.each([
    { name: 'one as the specification has it is kept', given: good, read: good },
    {
      name: 'flags that are not known are kept in version 00',
      given: `00-${trace}-${parent}-ff`,
      read: `00-${trace}-${parent}-ff`,
    },
    { name: 'a later version is read as this one', given: `cc-${trace}-${parent}-03-what-is-new`, read: good },
    { name: 'without its flag, too', given: `01-${trace}-${parent}-02`, read: `00-${trace}-${parent}-00` },
    { name: 'version 00 ends with its flags', given: `${good}-more`, read: undefined },
    { name: 'version ff is none', given: `ff-${trace}-${parent}-01`, read: undefined },
    { name: 'a trace of zeros is none', given: `00-${'0'.repeat(32)}-${parent}-01`, read: undefined },
    { name: 'a parent of zeros is none', given: `00-${trace}-${'0'.repeat(16)}-01`, read: undefined },
    { name: 'upper case is none', given: good.toUpperCase(), read: undefined },
    { name: 'a line feed is not let through', given: `${good}\n`, read: undefined },
    { name: 'nor behind a later version', given: `01-${trace}-${parent}-01-\r\nx: y`, read: undefined },
    { name: 'a long one is none', given: `01-${trace}-${parent}-01-${'x'.repeat(500)}`, read: undefined },
    { name: 'several headers are none', given: [good, good], read: undefined },
    { name: 'nothing is none', given: undefined, read: undefined },
  ])('$name', ({ given, read }) => {
    expect(readTraceParent(given)).toBe(read);
  });
});
