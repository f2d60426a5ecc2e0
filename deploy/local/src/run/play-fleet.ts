import { join } from 'node:path';
import { type FleetLine, type FleetReport } from '@fleetstream/loadtest';
import { AppError, toMessage } from '@fleetstream/kernel';
import { type LocalLayout } from '../local-layout.ts';
import { describeExit, type LocalProcess, readTail, spawnLocalProcess } from '../local-process.ts';
import { type StartOptions } from '../start-options.ts';

export interface PlayingFleet {
  readonly process: LocalProcess;
  /** Settles with the fleet's own report, however its end came about; rejects when it ended without one. */
  readonly report: Promise<FleetReport>;
}

export interface PlayFleetOptions {
  readonly options: StartOptions;
  readonly layout: LocalLayout;
  readonly root: string;
  readonly nodeFile: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onLine: (line: FleetLine) => void;
}

/** What a fleet may take to see its commands end (20 s at most) and to deliver what its robots hold (30 s). */
const drainTimeoutMs = 75_000;

/** Starts the robots: one process that speaks to us in JSON lines. */
export function playFleet(context: PlayFleetOptions): PlayingFleet {
  const { layout, onLine } = context;
  const logFile = layout.logFile('fleet');
  let report: FleetReport | undefined;
  const fleet = spawnLocalProcess({
    name: 'fleet',
    command: context.nodeFile,
    args: [join(context.root, 'loadtest/fleet/main.ts'), ...toFleetArguments(context.options, layout)],
    environment: context.environment,
    logFile,
    address: 'fleet',
    detached: true,
    stopTimeoutMs: drainTimeoutMs,
    onLine: (text) => {
      const line = parseLine(text);
      if (line === undefined) return;
      if (line.kind === 'done') report = line;
      onLine(line);
    },
  });
  return {
    process: fleet,
    report: fleet.exited.then((exit) => {
      if (report !== undefined) return report;
      throw new AppError('FS_INTERNAL', `The fleet ended with ${describeExit(exit)}:\n${readTail(logFile, 15)}`);
    }),
  };
}

/** The fleet's command line. */
export function toFleetArguments(options: StartOptions, layout: LocalLayout): string[] {
  return [
    ...['--gateway', `https://127.0.0.1:${layout.ports.gateway}`],
    ...['--ca', join(layout.tlsDir, 'ca.crt')],
    ...['--master-key-file', layout.secretsFile],
    ...['--platform', layout.platformUrl],
    ...['--commands', `https://127.0.0.1:${layout.ports.gateway}`],
    ...['--command-token-file', layout.secretsFile],
    ...['--commands-per-second', String(options.commandsPerSecond)],
    ...['--command-journal', layout.commandJournalFile],
    ...['--robots', String(options.robots)],
    ...(options.rate === undefined ? [] : ['--rate', String(options.rate)]),
    ...['--speed', String(options.speed)],
    ...['--source', options.source],
    ...(options.recordings === undefined ? [] : ['--recordings', options.recordings]),
    ...['--journal', layout.journalFile],
    ...['--seed', String(options.seed)],
    ...(options.once ? ['--once'] : []),
  ];
}

function parseLine(text: string): FleetLine | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return JSON.parse(text) as FleetLine;
  } catch (thrown) {
    throw new AppError('FS_INTERNAL', `The fleet said something that is no JSON: ${toMessage(thrown)}`);
  }
}
