import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import { type RecordedCommand } from '../commands/recorded-command.ts';
import { type FleetSource, type RobotFeed, type SourceOptions } from '../fleet-source.ts';
import { between, createRandom } from '../seeded-random.ts';
import { fitRate, type RateFit } from './fit-rate.ts';
import { loadCrazyflieFlights } from './load-crazyflie-flights.ts';
import { findOrbisSessions, loadOrbisSessions, type OrbisRecording } from './load-orbis-sessions.ts';
import { loadUr3 } from './load-ur3.ts';
import { createReplayFeed } from './replay-feed.ts';
import { type Track } from './track.ts';

/** Which recordings: all there are, or one kind; `agv-session` is one ORBIS session with each robot as itself. */
export type RecordingChoice = 'all' | 'orbis' | 'crazyflie' | 'ur3' | 'agv-session';

export interface RecordingOptions extends SourceOptions {
  /** A folder of recordings, or one factory session's file. */
  readonly path: string;
  readonly choice: RecordingChoice;
  readonly sessions: 'main' | 'all';
}

const folders = { orbis: 'orbis-agv-sessions', crazyflie: 'crazyflie-battery', ur3: 'ur3-cobotops' } as const;

/** Whether a path holds anything that can be replayed. */
export function hasRecordings(path: string): boolean {
  return isSession(path) ? existsSync(path) : Object.values(folders).some((name) => existsSync(join(path, name)));
}

function isSession(path: string): boolean {
  return path.endsWith('.log');
}

/**
 * Reads the recordings and multiplies them: robot i plays track i modulo the number of tracks; copies have ids of their
 * own and set in elsewhere in the track.
 */
export async function createRecordingSource(options: RecordingOptions): Promise<FleetSource> {
  const { choice, path } = options;
  const { orbis, tracks } = await loadTracks(options);
  if (tracks.length === 0) throw new AppError('FS_CONFIG_INVALID', `No recordings for --source ${choice} in ${path}`);
  const robots = choice === 'agv-session' ? tracks.length : options.robots;
  const cast = Array.from({ length: robots }, (_, index) => toPart(tracks, index));
  const fit = fitRate(
    cast.map(({ track }) => track),
    options.rate,
    options.speed,
  );
  const pace = options.speed / fit.slowDown;
  return {
    name: 'recordings',
    tracks: tracks.length,
    feeds: cast.map((part) => toFeed(part, fit, options)),
    fitting: fit.text,
    notReplayed: orbis.notReplayed,
    exactDuplicateLines: orbis.exactDuplicateLines,
    recordedCommands: choice === 'agv-session' ? toReplayed(orbis.commands, pace) : [],
    unansweredActions: choice === 'agv-session' ? orbis.unansweredActions : 0,
    pace,
  };
}

/** Only a session whose robots play once as themselves: copies and later loops would answer one command again. */
function toReplayed(commands: readonly RecordedCommand[], pace: number): RecordedCommand[] {
  return commands.map((command) => ({ ...command, atMs: command.atMs / pace }));
}

async function loadTracks({
  choice,
  path,
  sessions,
}: RecordingOptions): Promise<{ readonly orbis: OrbisRecording; readonly tracks: readonly Track[] }> {
  const wanted = (kind: keyof typeof folders) =>
    (choice === 'all' || choice === kind) && existsSync(join(path, folders[kind]));
  const flights = wanted('crazyflie') ? await loadCrazyflieFlights(join(path, folders.crazyflie)) : [];
  const cobots = wanted('ur3') ? await loadUr3(join(path, folders.ur3)) : [];
  const orbis = await loadOrbisSessions(await findSessions(path, choice, sessions));
  // The factory first, then a cobot among the first flights: a small fleet has every kind.
  return { orbis, tracks: [...orbis.tracks, ...flights.slice(0, 1), ...cobots, ...flights.slice(1)] };
}

async function findSessions(path: string, choice: RecordingChoice, sessions: 'main' | 'all'): Promise<string[]> {
  if (isSession(path)) return [path];
  const folder = join(path, folders.orbis);
  if (choice === 'crazyflie' || choice === 'ur3' || !existsSync(folder)) return [];
  return findOrbisSessions(folder, choice === 'agv-session' ? 'main' : sessions);
}

interface Part {
  readonly track: Track;
  readonly copy: number;
}

function toPart(tracks: readonly Track[], index: number): Part {
  const track = tracks[index % tracks.length];
  if (track === undefined) throw new RangeError('there is no track to play');
  return { track, copy: Math.floor(index / tracks.length) };
}

function toFeed({ track, copy }: Part, fit: RateFit, options: RecordingOptions): RobotFeed {
  const robotId = copy === 0 ? track.robotId : `${track.robotId}-c${copy}`;
  const random = createRandom(options.seed, `replay/${robotId}`);
  const { site, model } = track;
  return createReplayFeed({
    track,
    identity: { robotId, name: robotId, fleet: 'recorded', site, model },
    pace: options.speed / fit.slowDown,
    stride: fit.stride(track),
    enterAtMs: copy === 0 || options.once ? 0 : between(random, 0, track.durationMs),
    // Samples that tick alike would arrive in bursts; a recorded factory keeps its own beat.
    delayMs: track.thinnable || copy > 0 ? between(random, 0, 1000) : 0,
    run: options.run,
    once: options.once,
    startMs: options.startMs,
  });
}
