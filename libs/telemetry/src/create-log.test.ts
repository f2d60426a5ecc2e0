import { Writable } from 'node:stream';
import { AppError } from '@fleetstream/kernel';
import { expect, it } from 'vitest';
import { createLog } from './create-log.ts';

function collectLines(level: 'debug' | 'info' | 'silent') {
  const lines: Record<string, unknown>[] = [];
  const destination = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      lines.push(JSON.parse(chunk.toString()) as Record<string, unknown>);
      done();
    },
  });
  return { log: createLog({ service: 'webhook', level, destination }), lines };
}

it('writes JSON lines with time, level, service and the fields given', () => {
  const { log, lines } = collectLines('info');
  log.child({ partition: 3 }).warn({ lag: 12 }, 'behind');
  expect(lines).toEqual([
    {
      level: 'warn',
      time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      service: 'webhook',
      partition: 3,
      lag: 12,
      msg: 'behind',
    },
  ]);
});

it('writes nothing below its level', () => {
  const { log, lines } = collectLines('info');
  log.debug({}, 'too fine');
  expect(lines).toEqual([]);
});

it('writes an error with its code and its cause', () => {
  const { log, lines } = collectLines('info');
  const cause = new Error('socket closed');
  log.error({ err: new AppError('FS_BROKER_UNAVAILABLE', 'no answer', { cause }) }, 'failed');
  expect(JSON.stringify(lines[0])).toContain('FS_BROKER_UNAVAILABLE');
  expect(JSON.stringify(lines[0])).toContain('socket closed');
});

it.each(['secret', 'token', 'authorization'])('never writes a field called %s', (name) => {
  const { log, lines } = collectLines('info');
  log.info({ [name]: 'hush', inside: { [name]: 'hush' } }, 'careless');
  expect(JSON.stringify(lines)).not.toContain('hush');
});
