import { describe, expect, it } from 'vitest';
import { readReport } from './slow-tool.ts';

const status = (connected: number, closed: number) =>
  `\u001b[1mslow HTTP test status on \u001b[1;32m5\u001b[0mth second:\n\ninitializing:        0\npending:             0\n` +
  `connected:           ${connected}\nerror:               0\nclosed:              ${closed}\nservice available:   \u001b[1;32mYES\u001b[0m\n`;
const end = (why: string) => `Test ended on 9th second\nExit status: ${why}\n`;

describe('the report of slowhttptest', () => {
  it.each([
    { name: 'all were cut', text: status(200, 0) + end('No open connections left'), opened: 200, left: 0 },
    {
      name: 'some were cut before the last began',
      text: status(90, 60) + end('No open connections left'),
      opened: 150,
      left: 0,
    },
    {
      name: 'some stayed to its end',
      text: status(150, 0) + status(3, 147) + end('Hit test time limit'),
      opened: 150,
      left: 3,
    },
  ])('$name', ({ text, opened, left }) => {
    expect(readReport(text)).toEqual({ opened, left });
  });

  it('has to be one', () => {
    expect(() => readReport('slowhttptest: no such option')).toThrow('no such option');
  });
});
