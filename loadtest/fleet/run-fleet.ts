import { setTimeout as wait } from 'node:timers/promises';
import { type Clock, toMessage } from '@fleetstream/kernel';
import { deriveRobotSecret } from '@fleetstream/signing';
import { type CommandGateway } from './commands/command-gateway.ts';
import { FleetCommands } from './commands/fleet-commands.ts';
import { enrolRobots } from './enrol-robots.ts';
import { type FleetOptions } from './fleet-options.ts';
import { type FleetLine, type FleetReport } from './fleet-report.ts';
import { type FleetSource, type RobotFeed } from './fleet-source.ts';
import { FleetTally } from './fleet-tally.ts';
import { type Gateway } from './gateway.ts';
import { type JournalWriter } from './journal-writer.ts';
import { Outbox } from './outbox.ts';
import { playFeeds } from './play-feeds.ts';
import { RobotClient } from './robot-client.ts';
import { createRandom } from './seeded-random.ts';

export interface FleetParts {
  readonly options: FleetOptions;
  readonly source: FleetSource;
  readonly masterKey: Buffer;
  readonly gateway: Gateway;
  readonly journal: JournalWriter;
  /** How commands travel; `undefined` leaves them out. */
  readonly commandGateway?: CommandGateway | undefined;
  readonly clock: Clock;
  readonly print: (line: FleetLine) => void;
  /** User and system time of this process. */
  readonly cpuSeconds: () => number;
  /** Aborted: make no more events, deliver what waits. */
  readonly shutdown: AbortSignal;
  /** Aborted: deliver no more. */
  readonly giveUp: AbortSignal;
}

const lingerMs = 150;
const progressMs = 1000;
const drainMsMax = 30_000;
const keyVersion = 1;
/** Robots that wait for commands at once, each on a connection of its own. */
export const pollsMax = 256;

/** A fleet's life: enrol, play, drain, report. Closes the gateway and the journal. */
export async function runFleet(parts: FleetParts): Promise<FleetReport> {
  const { options, source, clock, print, journal, gateway } = parts;
  const tally = new FleetTally();
  const robots = source.feeds.length;
  if (options.platform !== undefined) {
    const identities = source.feeds.map((feed) => feed.identity);
    await enrolRobots(options.platform, identities, (ms) => sleep(ms, parts.shutdown));
  }
  print({ kind: 'registered', robots, source: source.name });
  const cast = source.feeds.map((feed) => ({ feed, client: createClient(parts, feed, tally) }));
  const commands = createCommands(parts, cast);
  const progress = setInterval(() => {
    print(toProgress(tally));
  }, progressMs);
  const startMs = clock.monotonicMs();
  try {
    commands?.start();
    await playFeeds({ cast, clock, tally, sleep, signal: parts.shutdown, ...(commands && { holds: commands.holds }) });
    const playedMs = clock.monotonicMs() - startMs;
    const clients = cast.map(({ client }) => client);
    for (const client of clients) client.setOnline(true);
    await commands?.settle(parts.giveUp);
    const commandReport = await commands?.stop();
    await drain(clients, parts.giveUp);
    const drainedMs = clock.monotonicMs() - startMs - playedMs;
    // Closing first ends the requests that are still in flight, so that giving up takes no time.
    await gateway.close();
    await Promise.all(clients.map((client) => client.abandon()));
    await journal.close();
    const report = {
      ...toReport(parts, tally, playedMs / 1000, drainedMs / 1000),
      ...(commandReport && { commands: commandReport }),
    };
    print({ kind: 'done', ...report });
    return report;
  } finally {
    clearInterval(progress);
  }
}

function createCommands(
  { options, source, commandGateway, clock }: FleetParts,
  cast: readonly { readonly feed: RobotFeed; readonly client: RobotClient }[],
): FleetCommands | undefined {
  if (commandGateway === undefined) return undefined;
  return new FleetCommands({
    gateway: commandGateway,
    cast: cast.map(({ feed, client }) => ({ robotId: feed.identity.robotId, client })),
    perSecond: options.commandsPerSecond,
    recorded: source.recordedCommands,
    recordedUnanswered: source.unansweredActions,
    recordedPace: source.pace,
    journalFile: options.commandJournal,
    pollsMax,
    carriedShare: 0.5,
    seed: options.seed,
    run: options.run,
    clock,
    sleep,
  });
}

function createClient(parts: FleetParts, feed: RobotFeed, tally: FleetTally): RobotClient {
  const { options, gateway, journal, clock, masterKey } = parts;
  const { robotId } = feed.identity;
  return new RobotClient({
    robotId,
    secret: deriveRobotSecret(masterKey, robotId, keyVersion),
    outbox: new Outbox(),
    gateway,
    journal,
    tally,
    clock,
    random: createRandom(options.seed, `client/${robotId}`),
    sleep,
    lingerMs,
    duplicateShare: options.duplicateShare,
    lostShare: options.lostShare,
    untilFolded: options.untilFolded,
    run: options.run,
  });
}

async function drain(clients: readonly RobotClient[], giveUp: AbortSignal): Promise<void> {
  const end = new AbortController();
  const deadline = sleep(drainMsMax, AbortSignal.any([giveUp, end.signal]));
  await Promise.race([Promise.all(clients.map((client) => client.drain())), deadline]);
  end.abort();
}

function toProgress(tally: FleetTally): FleetLine {
  const { recentAckMs } = tally;
  const [ackMsP50, ackMsP99] = [recentAckMs.quantile(0.5), recentAckMs.quantile(0.99)];
  recentAckMs.clear();
  return { kind: 'progress', ...tally.counters(), ackMsP50, ackMsP99 };
}

function toReport(parts: FleetParts, tally: FleetTally, seconds: number, drainSeconds: number): FleetReport {
  const { options, source } = parts;
  return {
    source: source.name,
    run: options.run,
    seed: options.seed,
    tracks: source.tracks,
    robots: source.feeds.length,
    fitting: source.fitting,
    ...tally.counters(),
    ackMsP50: tally.ackMs.quantile(0.5),
    ackMsP99: tally.ackMs.quantile(0.99),
    eventsPerSecond: round(tally.created / Math.max(seconds, 0.001)),
    seconds: round(seconds),
    drainSeconds: round(drainSeconds),
    notReplayed: source.notReplayed,
    exactDuplicateLines: source.exactDuplicateLines,
    largestEventBytes: tally.largestEventBytes,
    cpuSeconds: round(parts.cpuSeconds()),
  };
}

/** Resolves after the time, or at once when the signal is aborted. */
async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await wait(ms, undefined, { signal });
  } catch (thrown) {
    if (!signal.aborted) throw new Error(`sleeping failed: ${toMessage(thrown)}`, { cause: thrown });
  }
}

function round(value: number): number {
  return Math.round(value * 100) / 100;
}
