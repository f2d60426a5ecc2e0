import { describe, expect, it } from 'vitest';
import { Outbox, type OutboxLimits } from './outbox.ts';
import { type RobotEvent } from './robot-event.ts';

const limits: OutboxLimits = { eventsMax: 4, bytesMax: 1000, batchEventsMax: 3, batchBytesMax: 300 };

function event(id: string, sizeBytes = 50): RobotEvent {
  return { id, type: 'robot.state.v1', body: '', sizeBytes, hashed: '' };
}

function fill(...events: readonly RobotEvent[]): Outbox {
  const outbox = new Outbox(limits);
  for (const one of events) outbox.offer(one);
  return outbox;
}

const ids = (outbox: Outbox, eventsMax?: number) => outbox.peekBatch(eventsMax).map((item) => item.event.id);

describe('Outbox', () => {
  it.each([
    { name: 'a batch ends at its count', events: [event('a'), event('b'), event('c'), event('d')], batch: 'abc' },
    { name: 'a batch ends at its bytes', events: [event('a', 140), event('b', 140), event('c', 140)], batch: 'ab' },
    { name: 'an event beyond a batch goes alone', events: [event('a', 900), event('b')], batch: 'a' },
    { name: 'an event beyond a batch waits its turn', events: [event('a'), event('b', 900)], batch: 'a' },
    { name: 'an empty outbox has an empty batch', events: [], batch: '' },
  ])('$name', ({ events, batch }) => {
    expect(ids(fill(...events)).join('')).toBe(batch);
  });

  it('takes no more than its events, and more again after an answer', () => {
    const outbox = fill(event('a'), event('b'), event('c'), event('d'));
    expect(outbox.offer(event('e'))).toBe(false);
    outbox.remove(new Set(outbox.peekBatch(1)));
    expect(outbox.offer(event('e'))).toBe(true);
    expect(outbox.items().map((item) => item.event.id)).toEqual(['b', 'c', 'd', 'e']);
  });

  it('takes no more than its bytes, but never refuses a lone event', () => {
    const outbox = fill(event('huge', 5000));
    expect(outbox.length).toBe(1);
    expect(outbox.offer(event('b'))).toBe(false);
  });

  it('removes out of order and keeps the rest in order', () => {
    const outbox = fill(event('a'), event('b'), event('c'));
    const second = outbox.peekBatch()[1];
    if (second === undefined) expect.unreachable();
    outbox.remove(new Set([second]));
    expect(ids(outbox)).toEqual(['a', 'c']);
  });
});
