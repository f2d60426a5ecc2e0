import { type CommandData } from '@fleetstream/contracts';
import { describe, expect, it } from 'vitest';
import { createCommandStreams, type NewsSink, type StreamWanted } from './command-streams.ts';
import { type CommandView } from './domain/command-view.ts';

const clock = { nowMs: () => 0, monotonicMs: () => 0 };
const listenForever = { endsAtMs: undefined };

function listen(slow = false): NewsSink & { readonly texts: string[]; ended: boolean } {
  const texts: string[] = [];
  return {
    texts,
    ended: false,
    write: (text) => {
      texts.push(text);
      return slow ? 1e9 : 0;
    },
    end() {
      this.ended = true;
    },
  };
}

const said = (robotId: string, status: CommandData['status']): CommandData => ({
  ...{ commandId: `of-${robotId}`, robotId, status, action: 'go' },
  ...{ requestedAtMs: 0, expiresAtMs: 1, atMs: 0, epoch: 0, deliver: false },
});
const view = (robotId: string, at: readonly (readonly [number, number])[]): CommandView => ({
  ...{ commandId: `of-${robotId}`, robotId, status: 'QUEUED', action: 'go' },
  ...{ requestedAtMs: 0, expiresAtMs: 1, epoch: 0 },
  history: at.map(([partition, offset]) => ({ status: 'QUEUED', atMs: 0, at: { partition, offset } })),
});
const everything: Omit<StreamWanted, 'endsAtMs'> = { tells: () => true, after: undefined, views: [], isOfAll: true };
const idsOf = (texts: readonly string[]) => [...texts.join('').matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
const robotsOf = (texts: readonly string[]) =>
  [...texts.join('').matchAll(/"robotId":"(\w+)"/g)].map(([, robotId]) => robotId);

describe('createCommandStreams', () => {
  it('tells who follows all robots where every partition is, from the first word on', () => {
    const streams = createCommandStreams({ clock, max: 9 });
    streams.publish(said('a', 'QUEUED'), { partition: 0, offset: 5 });
    streams.publish(said('b', 'QUEUED'), { partition: 1, offset: 7 });
    const sink = listen();
    streams.open({ ...everything, ...listenForever }, sink);
    streams.publish(said('b', 'SENT'), { partition: 1, offset: 9 });
    expect(idsOf(sink.texts)).toEqual(['0-5,1-7', '0-5,1-9']);
  });

  it('goes on after each place that it is told, and from the beginning in partitions that had nothing then', () => {
    const streams = createCommandStreams({ clock, max: 9 });
    const views = [
      view('a', [
        [0, 5],
        [0, 6],
      ]),
      view('b', [[1, 7]]),
      view('c', [[2, 1]]),
    ];
    const after = [
      { partition: 0, offset: 5 },
      { partition: 1, offset: 7 },
    ];
    const sink = listen();
    streams.open({ ...everything, ...listenForever, after, views }, sink);
    expect({ robots: robotsOf(sink.texts), ids: idsOf(sink.texts) }).toEqual({
      robots: ['a', 'c'],
      ids: ['0-5,1-7', '0-6,1-7', '0-6,1-7,2-1'],
    });
  });

  it('tells nothing twice to who comes from an instance that was further', () => {
    const streams = createCommandStreams({ clock, max: 9 });
    const sink = listen();
    streams.open({ ...everything, ...listenForever, after: [{ partition: 0, offset: 5 }] }, sink);
    streams.publish(said('a', 'QUEUED'), { partition: 0, offset: 4 });
    streams.publish(said('a', 'SENT'), { partition: 0, offset: 6 });
    expect(idsOf(sink.texts)).toEqual(['0-5', '0-6']);
  });

  it('tells nobody of robots that are not his', () => {
    const streams = createCommandStreams({ clock, max: 9 });
    const sink = listen();
    const tells: StreamWanted['tells'] = ({ robotId }) => robotId === 'a';
    const after = [{ partition: 0, offset: 0 }];
    streams.open({ ...everything, ...listenForever, tells, after, views: [view('b', [[0, 3]])] }, sink);
    for (const [offset, robotId] of ['a', 'b', 'a'].entries()) {
      streams.publish(said(robotId, 'SENT'), { partition: 0, offset: offset + 10 });
    }
    expect(robotsOf(sink.texts)).toEqual(['a', 'a']);
  });

  it('cuts off who does not keep up, also in the middle of what was missed, and writes no more', () => {
    const streams = createCommandStreams({ clock, max: 9 });
    const sink = listen(true);
    streams.open({ ...everything, ...listenForever, after: [], views: [view('a', [[0, 3]])] }, sink);
    streams.publish(said('a', 'SENT'), { partition: 0, offset: 4 });
    expect({ texts: sink.texts.length, ended: sink.ended, listening: streams.listening() }).toEqual({
      ...{ texts: 1, ended: true, listening: 0 },
    });
  });

  it('takes no more than it may', () => {
    const streams = createCommandStreams({ clock, max: 1 });
    const close = streams.open({ ...everything, ...listenForever }, listen());
    expect(streams.open({ ...everything, ...listenForever }, listen())).toBeUndefined();
    close?.();
    expect(streams.open({ ...everything, ...listenForever }, listen())).toBeDefined();
    streams.endAll();
  });
});
