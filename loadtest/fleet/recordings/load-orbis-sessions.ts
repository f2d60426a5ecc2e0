import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RecordedCommand } from '../commands/recorded-command.ts';
import { GivenActions } from './given-actions.ts';
import { readOrbisLine } from './read-orbis-line.ts';
import { type Track, type TrackEvent } from './track.ts';

/** The session that is replayed unless all are asked for: two AGVs in parallel. */
const mainSession = 'production-wr-agv2-b-agv1-clean';
/** Between the end of a session and the start of the next in a track. */
const sessionGapMs = 1000;

export interface OrbisRecording {
  readonly tracks: readonly Track[];
  /** Lines that are no event of a robot, by kind. */
  readonly notReplayed: Readonly<Record<string, number>>;
  /** Lines that repeat one before, byte for byte. */
  readonly exactDuplicateLines: number;
  readonly largestPayloadBytes: number;
  /** Actions of orders and instant actions that their robots answered, by time. */
  readonly commands: readonly RecordedCommand[];
  /** Actions that no state ever named, such as those for status lights. */
  readonly unansweredActions: number;
}

interface TrackInMaking {
  readonly model: string;
  readonly times: number[];
  readonly events: TrackEvent[];
}

/** The files of the sessions in a folder, oldest name first. */
export async function findOrbisSessions(folder: string, which: 'main' | 'all'): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.log')).sort();
  return names.filter((name) => which === 'all' || name.startsWith(mainSession)).map((name) => join(folder, name));
}

/**
 * Reads sessions of the ORBIS model factory into one track per device, in the order of their first lines; a device that
 * is in several sessions plays them one after the other.
 *
 * @param files JSON lines, the first of each file metadata
 */
export async function loadOrbisSessions(files: readonly string[]): Promise<OrbisRecording> {
  const making = new Map<string, TrackInMaking>();
  const notReplayed: Record<string, number> = {};
  let exactDuplicateLines = 0;
  let largestPayloadBytes = 0;
  const given = new GivenActions();
  let offsetMs = 0;
  for (const [session, file] of files.entries()) {
    const seen = new Set<string>();
    let firstMs: number | undefined;
    let endMs = offsetMs;
    for (const line of (await readFile(file, 'utf8')).split('\n')) {
      const message = parseMessage(line);
      if (message === undefined) continue;
      if (seen.has(line)) exactDuplicateLines += 1;
      seen.add(line);
      firstMs ??= message.receivedMs;
      // Receive times may go back by a hair between connections; a track's must not.
      endMs = Math.max(endMs, offsetMs + message.receivedMs - firstMs);
      largestPayloadBytes = Math.max(largestPayloadBytes, Buffer.byteLength(message.payload));
      given.read(message.topic, message.payload, endMs);
      const read = readOrbisLine(line, message.topic, message.payload, session);
      if (read.kind === 'skipped') {
        notReplayed[read.why] = (notReplayed[read.why] ?? 0) + 1;
        continue;
      }
      const track = making.get(read.robotId) ?? { model: read.model, times: [], events: [] };
      making.set(read.robotId, track);
      track.times.push(endMs);
      track.events.push(read.event);
    }
    offsetMs = endMs + sessionGapMs;
  }
  const tracks = [...making].map(([robotId, track]) => toTrack(robotId, track, offsetMs));
  return { tracks, notReplayed, exactDuplicateLines, largestPayloadBytes, ...given.toCommands() };
}

function toTrack(robotId: string, { model, times, events }: TrackInMaking, durationMs: number): Track {
  return {
    robotId,
    model: `orbis-${model}`,
    site: 'orbis-smartfactory',
    length: events.length,
    durationMs,
    thinnable: false,
    atMs: (index) => times[index] ?? durationMs,
    event: (index) => {
      const event = events[index];
      if (event === undefined) throw new RangeError(`${robotId} has ${events.length} events, not ${index + 1}`);
      return event;
    },
  };
}

interface Message {
  readonly topic: string;
  readonly payload: string;
  readonly receivedMs: number;
}

/** `undefined` for the metadata line and the empty one at the end. */
function parseMessage(line: string): Message | undefined {
  if (line === '') return undefined;
  const { topic, payload, timestamp } = JSON.parse(line) as Record<string, unknown>;
  if (typeof topic !== 'string' || typeof payload !== 'string' || typeof timestamp !== 'string') return undefined;
  return { topic, payload, receivedMs: Date.parse(timestamp) };
}
