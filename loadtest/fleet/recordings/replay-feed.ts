import { type FeedItem, type RobotFeed, type RobotIdentity } from '../fleet-source.ts';
import { createRobotEvent, isDialect, type RobotEvent, toContentId } from '../robot-event.ts';
import { type Track, type TrackEvent } from './track.ts';

export interface ReplayOptions {
  readonly track: Track;
  readonly identity: RobotIdentity;
  /** Recorded milliseconds per wall millisecond. */
  readonly pace: number;
  readonly stride: number;
  /** Recorded time at which the first loop sets in; robots that share a track don't march in step. */
  readonly enterAtMs: number;
  /** Wall time before the first event. */
  readonly delayMs: number;
  readonly run: string;
  readonly once: boolean;
  readonly startMs: number;
}

/** Plays a track, again and again unless once: each loop is new events of the same robot after a reboot. */
export function createReplayFeed(options: ReplayOptions): RobotFeed {
  const { track, identity, pace, stride, enterAtMs, delayMs } = options;
  let loop = 0;
  let index = 0;
  while (index < track.length && track.atMs(index) < enterAtMs) index += stride;
  let sequence = 0;
  return {
    identity,
    next: (): FeedItem | undefined => {
      if (index >= track.length) {
        if (options.once || track.length === 0) return undefined;
        loop += 1;
        index = 0;
        sequence = 0;
      }
      const recordedMs = loop * track.durationMs + track.atMs(index) - enterAtMs;
      const atMs = delayMs + Math.max(0, recordedMs) / pace;
      const event = toEvent(options, { loop, index, sequence, atMs });
      index += stride;
      sequence += 1;
      return { kind: 'event', atMs, event };
    },
  };
}

interface Moment {
  readonly loop: number;
  readonly index: number;
  readonly sequence: number;
  readonly atMs: number;
}

function toEvent(options: ReplayOptions, { loop, index, sequence, atMs }: Moment): RobotEvent {
  const { track, identity, run } = options;
  const { robotId } = identity;
  const recorded = track.event(index);
  return createRobotEvent({
    robotId,
    id: toContentId(robotId, run, String(loop), recorded.content ?? String(index)),
    type: recorded.type,
    // Recordings of messages keep the device's clock or its absence; samples without any are stamped as they are sent.
    time:
      recorded.time ?? (recorded.content === undefined ? new Date(options.startMs + atMs).toISOString() : undefined),
    ...toNumbering(recorded, { loop, sequence, run }),
    dataText: toOwnData(recorded, track.robotId, robotId),
  });
}

/** The device's own counter where it has one; samples are counted by the outbox; other messages aren't counted. */
function toNumbering(
  recorded: TrackEvent,
  at: { readonly loop: number; readonly sequence: number; readonly run: string },
): { readonly sequence?: number; readonly bootid?: string } {
  if (recorded.header !== undefined) {
    const { channel, sequence } = recorded.header;
    return { sequence, bootid: `${channel}.${at.loop}.${at.run}` };
  }
  return recorded.content === undefined ? { sequence: at.sequence, bootid: `outbox.${at.loop}.${at.run}` } : {};
}

/** A copy of a robot says its own name in its messages, as a real one of the same make would. */
function toOwnData(recorded: TrackEvent, original: string, robotId: string): string {
  if (robotId === original || !isDialect(recorded.type)) return recorded.dataText;
  return recorded.dataText.replaceAll(`"serialNumber":"${original}"`, `"serialNumber":"${robotId}"`);
}
