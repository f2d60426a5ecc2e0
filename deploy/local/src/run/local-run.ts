import { setTimeout as sleep } from 'node:timers/promises';
import { topics } from '@fleetstream/contracts';
import { fetchOffsets } from '@fleetstream/kafka';
import { toMessage } from '@fleetstream/kernel';
import { type FleetLine, type FleetReport } from '@fleetstream/loadtest';
import { type RunFigures, type ServedStates } from '@fleetstream/testing';
import { planChaos } from '../chaos/chaos-plan.ts';
import { countRestoresIn } from '../chaos/count-restores.ts';
import { type ChaosCounts, runChaos } from '../chaos/run-chaos.ts';
import { type RecordedChildren } from '../checks/recorded-children.ts';
import { LiveFigures } from '../figures/live-figures.ts';
import { createProcessorApi, type ProcessorApi } from '../figures/processor-api.ts';
import { summarizeStates } from '../figures/summarize-states.ts';
import { createParts, type Parts } from '../parts/create-parts.ts';
import { openSecrets } from '../parts/local-secrets.ts';
import { describeAddresses } from '../screen/describe-addresses.ts';
import { type RunningParts } from '../supervision/running-parts.ts';
import { boundLogs } from './bound-logs.ts';
import { countSession, judgeSession, type SessionOutcome } from './session-outcome.ts';
import { playFleet, type PlayingFleet } from './play-fleet.ts';
import { type RunContext } from './run-context.ts';
import { createRunReport, type RunReport } from './run-report.ts';
import { createLocalKafka, partitionCount, startCommands, startOnlookers, startPlatform } from './start-platform.ts';
import { verifyInsights } from './verify-insights.ts';
import { verifyLocalRun } from './verify-local-run.ts';
import { fetchAllStates, waitUntilCommitted, watchFirstFolded } from './wait-for-processors.ts';

const logBytesMax = 64 * 1024 * 1024;
const catchUpTimeoutMs = 90_000;
const statesTimeoutMs = 30_000;

/** One run from its start to its report: start, play, drain, catch up, hold against the log. */
export class LocalRun {
  readonly #context: RunContext;
  readonly #running: RunningParts;
  readonly #children: RecordedChildren;
  readonly #api: ProcessorApi;
  readonly #figures: LiveFigures;
  /** Ends what runs beside: live view, chaos, the watch for the first folded event. */
  readonly #closing = new AbortController();
  /** Ends the chaos alone, before the fleet drains. */
  readonly #calm = new AbortController();
  #fleet: PlayingFleet | undefined;

  constructor(context: RunContext, running: RunningParts, children: RecordedChildren) {
    this.#context = context;
    this.#running = running;
    this.#children = children;
    const urls = Array.from({ length: context.options.processors }, (_, index) => context.layout.processorUrl(index));
    this.#api = createProcessorApi(urls, openSecrets(context.layout.secretsFile).apiToken);
    this.#figures = new LiveFigures({ api: this.#api, parts: running.all, partitionCount });
  }

  async play(): Promise<RunReport | undefined> {
    const { options, layout, screen } = this.#context;
    const parts = this.#createParts();
    await startPlatform(parts, this.#running, layout, this.#sayStarted);
    const before = await fetchAllStates(this.#api, partitionCount, statesTimeoutMs);
    this.#beside(boundLogs(layout.logsDir, logBytesMax, this.#sayTruncated, this.#closing.signal));
    if (!options.fleet) {
      screen.say(describeAddresses(layout, `Without robots, as asked. ${describeEnd(options)}`, options.prometheus));
      this.#showFigures();
      await startCommands(parts, this.#running, this.#sayStarted);
      await startOnlookers(parts, this.#running, this.#sayStarted);
      await this.#untilTimeIsOver();
      return undefined;
    }
    const { robotEvents } = summarizeStates(before);
    const firstFolded = watchFirstFolded(this.#api, partitionCount, robotEvents, this.#closing.signal);
    // The session's first command comes within its first second; robots of other fleets just ask again.
    if (options.source === 'agv-session') await startCommands(parts, this.#running, this.#sayStarted);
    const fleet = this.#startFleet();
    screen.say(describeAddresses(layout, describeEnd(options), options.prometheus));
    this.#showFigures();
    void firstFolded.then((atMs) => {
      if (atMs !== undefined) screen.say(`First robot event folded ${this.#sinceCommand(atMs)} after the start.`);
    });
    if (options.source !== 'agv-session') await startCommands(parts, this.#running, this.#sayStarted);
    await startOnlookers(parts, this.#running, this.#sayStarted);
    const chaos = options.chaos ? this.#startChaos() : undefined;
    await this.#untilOver(fleet);
    // Somebody stopped the run, and the fleet with it: there is nothing to judge.
    if (this.#closing.signal.aborted) return undefined;
    this.#calm.abort();
    const chaosCounts = await chaos;
    const report = await this.#drain(fleet);
    return await this.#judge(report, chaosCounts, firstFolded, before);
  }

  /** Ends what this run began beside its parts. Safe to call at any time. */
  async close(): Promise<void> {
    this.#calm.abort();
    this.#closing.abort();
    await this.#fleet?.process.stop();
  }

  async killFleet(): Promise<void> {
    await this.#fleet?.process.kill();
  }

  #createParts(): Parts {
    const { options, layout, root, nodeFile, environment } = this.#context;
    return createParts({
      layout,
      secrets: openSecrets(layout.secretsFile),
      root,
      nodeFile,
      environment,
      webhooks: options.webhooks,
      processors: options.processors,
      prometheus: options.prometheus,
      clientCerts: options.clientCerts,
    });
  }

  readonly #sayStarted = (name: string, tookMs: number): void => {
    this.#context.screen.say(`  ${name.padEnd(12)} ready in ${(tookMs / 1000).toFixed(1)} s`);
  };

  #startFleet(): PlayingFleet {
    const { options, layout, root, nodeFile, environment } = this.#context;
    const fleet = playFleet({
      options,
      layout,
      root,
      nodeFile,
      environment,
      onLine: (line) => {
        this.#onFleetLine(line);
      },
    });
    this.#fleet = fleet;
    this.#children.add(fleet.process.pid);
    // The one who waits for the report is not there yet; a fleet that fails at once is not an unhandled error.
    fleet.report.catch(() => undefined);
    return fleet;
  }

  #onFleetLine(line: FleetLine): void {
    this.#figures.onFleetLine(line);
    if (line.kind !== 'registered') return;
    this.#context.screen.say(`${line.robots} robots registered, source: ${line.source}`);
  }

  #showFigures(): void {
    this.#beside(
      this.#figures.run((snapshot) => {
        this.#context.screen.show(snapshot);
      }, this.#closing.signal),
    );
  }

  async #startChaos(): Promise<ChaosCounts> {
    const { options, layout, screen } = this.#context;
    return await runChaos({
      plan: planChaos(options.seed, options.runForMs),
      webhooks: this.#running.ofKind('webhook'),
      processors: this.#running.ofKind('processor'),
      stateDirOf: (index) => layout.processorStateDir(index),
      hasCheckpoints: () => this.#figures.hasCheckpoints(),
      onNotice: (text) => {
        screen.say(`  ${text}`);
      },
      until: this.#calm.signal,
    });
  }

  /** There is no fleet whose journal could be checked. */
  async #untilTimeIsOver(): Promise<void> {
    const { runForMs } = this.#context.options;
    // Who asked for no time stops the run from outside.
    await (runForMs === undefined ? new Promise(() => undefined) : sleep(runForMs));
  }

  /** Until the time asked for is over, or the fleet ended by itself. */
  async #untilOver(fleet: PlayingFleet): Promise<void> {
    const { runForMs } = this.#context.options;
    const timer = new AbortController();
    const over = sleep(runForMs ?? 0, undefined, { signal: timer.signal }).catch(() => undefined);
    await Promise.race([fleet.report, ...(runForMs === undefined ? [] : [over])]);
    timer.abort();
  }

  async #drain(fleet: PlayingFleet): Promise<FleetReport> {
    this.#context.screen.say('Letting the robots deliver what they hold …');
    await fleet.process.stop();
    return await fleet.report;
  }

  async #judge(
    fleet: FleetReport,
    chaos: ChaosCounts | undefined,
    firstFolded: Promise<number | undefined>,
    before: ServedStates,
  ): Promise<RunReport> {
    const { layout, screen, options } = this.#context;
    const offsets = await fetchOffsets(createLocalKafka(layout), topics.events, 'committed');
    const ends = new Map([...offsets].map(([partition, { end }]) => [partition, end]));
    const lagAtEnd = await waitUntilCommitted(this.#api, ends, catchUpTimeoutMs);
    const served = await fetchAllStates(this.#api, partitionCount, statesTimeoutMs);
    this.#closing.abort();
    screen.hide();
    const crashes = this.#running.crashes;
    await this.#running.stop('gateway', 'webhook', 'commands', 'insights', 'processor', 'platform');
    screen.say('Folding the log once more, the plain way, and comparing …');
    const figures = await verifyLocalRun({ brokers: layout.kafkaBrokers, journalFile: layout.journalFile, served });
    const firstFoldedAtMs = await firstFolded;
    return createRunReport({
      fleet,
      figures,
      chaos,
      lagAtEnd,
      crashes,
      insights: await verifyInsights(layout),
      session: await this.#judgeSession(fleet, before, served, figures),
      installed: this.#context.installed,
      firstFoldedMs: firstFoldedAtMs === undefined ? undefined : firstFoldedAtMs - this.#context.commandStartMs,
      restores: countRestoresIn(
        Array.from({ length: options.processors }, (_, index) => layout.logFile(`processor-${index + 1}`)),
      ),
    });
  }

  async #judgeSession(
    fleet: FleetReport,
    before: ServedStates,
    after: ServedStates,
    figures: RunFigures,
  ): Promise<SessionOutcome | undefined> {
    const { options, commandStartMs } = this.#context;
    if (options.source !== 'agv-session' || options.recordings === undefined) return undefined;
    const content = await countSession(options.recordings);
    return judgeSession({
      content,
      before,
      after,
      alerts: figures.alerts,
      startedAtMs: commandStartMs,
      fleet,
      speed: options.speed,
    });
  }

  #beside(work: Promise<void>): void {
    work.catch((thrown: unknown) => {
      this.#context.screen.say(`! ${toMessage(thrown)}`);
    });
  }

  readonly #sayTruncated = (name: string): void => {
    this.#context.screen.say(`! ${name} outgrew ${logBytesMax / 1024 ** 2} MiB and was emptied`);
  };

  #sinceCommand(atMs: number): string {
    return `${((atMs - this.#context.commandStartMs) / 1000).toFixed(1)} s`;
  }
}

function describeEnd({ runForMs, once, fleet }: RunContext['options']): string {
  if (runForMs !== undefined) {
    return `Ends by itself after ${runForMs / 1000} s${fleet ? ', with a check of the whole history' : ''}.`;
  }
  return once ? 'Ends by itself when the source is played, with a check.' : 'Ctrl-C stops everything, in order.';
}
