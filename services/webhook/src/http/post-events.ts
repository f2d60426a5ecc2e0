import { readRequestId } from '@fleetstream/runtime';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Clock, type Log, toMessage } from '@fleetstream/kernel';
import { type IngestTarget, readIngestTarget } from '../domain/ingest-target.ts';
import { isUrgent } from '../domain/is-urgent.ts';
import { readTraceParent } from '../domain/read-trace-parent.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { type Answer, toAnswer, toHints, toRefusalAnswer } from '../domain/to-answer.ts';
import { type WebhookMetrics } from '../metrics.ts';
import { type AdmissionLimits, type AdmissionOptions, type Admitted, createAdmission } from './admit-events.ts';
import { type AppendOutcome, type AppendPorts, appendEvents } from './append-events.ts';
import { appendForFleet } from './append-for-fleet.ts';
import { createBodyDeadlines } from './body-deadlines.ts';
import { asksCommands, carryCommands, type CommandsPort } from './carry-commands.ts';
import { type ByteBudget, type ByteHold } from './byte-budget.ts';
import { discardRest } from './discard-rest.ts';
import { createLimitedLog } from './limited-log.ts';
import { type PressureGauge } from './pressure-gauge.ts';
import { type BodyLimits, type BodyRead, readBody } from './read-body.ts';
import { createAnswerSender } from './send-answer.ts';

export interface EventsHandlerOptions extends AppendPorts, Omit<AdmissionOptions, 'limits' | 'onClockOffset'> {
  readonly pressure: Pick<PressureGauge, 'level' | 'reportEveryMs'>;
  readonly budget: ByteBudget;
  readonly metrics: WebhookMetrics;
  readonly log: Log;
  readonly clock: Clock;
  /** `undefined`: answers only say that commands are due. */
  readonly commands?: CommandsPort | undefined;
  readonly limits: AdmissionLimits & BodyLimits;
  /** While it says true, answers end their connections. */
  readonly draining: () => boolean;
}

export interface EventsHandler {
  /** Takes a request that posts events, from `node:http` or a router; false: it is another's, and left alone. */
  offer(request: IncomingMessage, response: ServerResponse): boolean;
  /** Resolves when no request is being worked on, its sender still there or not. */
  idle(): Promise<void>;
}

export function createEventsHandler(options: EventsHandlerOptions): EventsHandler {
  return new Handler(options);
}

const refusalLinesPerSecond = 20;
const atItsEnd = refuse(
  'FS_OVERLOADED',
  'this pod is at its end; send urgent events by themselves, or with priority: u=0',
);

/** A request and its answer. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly target: IngestTarget | Refusal;
  readonly startedMs: number;
}

class Handler implements EventsHandler {
  readonly #options: EventsHandlerOptions;
  readonly #admit;
  readonly #deadlines;
  readonly #send = createAnswerSender();
  readonly #logRefusal;
  readonly #onIdle: (() => void)[] = [];
  #working = 0;

  constructor(options: EventsHandlerOptions) {
    const { clock, log, metrics } = options;
    this.#options = options;
    this.#admit = createAdmission({
      ...options,
      onClockOffset: (offsetSeconds, outOfWindow) => {
        metrics.onClockOffset(offsetSeconds, outOfWindow);
      },
    });
    this.#deadlines = createBodyDeadlines(() => clock.monotonicMs());
    this.#logRefusal = createLimitedLog(log, clock, refusalLinesPerSecond);
  }

  offer(request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method !== 'POST') return false;
    const target = readIngestTarget(request.url ?? '');
    if (target === undefined) return false;
    this.#begin({ request, response, target, startedMs: this.#options.clock.monotonicMs() });
    return true;
  }

  idle(): Promise<void> {
    return new Promise((resolve) => {
      if (this.#working === 0) resolve();
      else this.#onIdle.push(resolve);
    });
  }

  #begin(exchange: Exchange): void {
    const { limits, budget, pressure } = this.#options;
    const { request, target, startedMs } = exchange;
    const urgent = isUrgent(request.headers);
    const hold = budget.open(urgent);
    this.#working += 1;
    if (target.kind === 'refused') this.#endUnread(exchange, hold, target);
    else if (!urgent && pressure.level() === 3) this.#endUnread(exchange, hold, atItsEnd);
    else {
      readBody(request, limits, hold, this.#deadlines, startedMs, (read) => {
        if (read.kind === 'body') void this.#serve(exchange, target, hold, read.body);
        else this.#endUnread(exchange, hold, read);
      });
    }
  }

  /**
   * The path of a request from its body on, step by step; the first step that refuses answers it. Never rejects. One
   * function waits for all steps, and requests under way are counted without their promises: each layer of waiting costs
   * every request.
   */
  async #serve(exchange: Exchange, target: IngestTarget, hold: ByteHold, body: Buffer): Promise<void> {
    const { clock, metrics, pressure, commands } = this.#options;
    const { request } = exchange;
    try {
      // Not awaited when there is nothing to wait for: that would cost every request a turn.
      const admission = this.#admit({ request, target, hold, body, nowMs: clock.nowMs() });
      const admitted = admission instanceof Promise ? await admission : admission;
      if (admitted.kind === 'refused') {
        this.#refuse(exchange, admitted);
        return;
      }
      const { results, folded, commandsDue } = await this.#append(request, target, admitted);
      metrics.onResults(results);
      const hints = toHints(folded, pressure.reportEveryMs(), admitted.clockOffsetSeconds);
      const carried = commandsDue ? await carryCommands(commands, request, target.sender.id, results) : '';
      this.#reply(
        exchange,
        toAnswer(results, () => readRequestId(request), hints + carried),
      );
    } catch (thrown) {
      this.#fail(exchange, thrown);
    } finally {
      this.#end(hold);
    }
  }

  #endUnread(exchange: Exchange, hold: ByteHold, read: Exclude<BodyRead, { kind: 'body' }>): void {
    if (read.kind === 'gone') this.#options.metrics.onSenderGone();
    else this.#refuse(exchange, read);
    this.#end(hold);
  }

  #end(hold: ByteHold): void {
    hold.release();
    this.#working -= 1;
    if (this.#working === 0) for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #append({ headers }: IncomingMessage, { sender }: IngestTarget, { events }: Admitted): Promise<AppendOutcome> {
    const trace = readTraceParent(headers['traceparent']);
    return sender.kind === 'fleet'
      ? appendForFleet(this.#options, sender.id, events, trace)
      : appendEvents(this.#options, sender.id, events, { trace, asksCommands: asksCommands(headers) });
  }

  #refuse(exchange: Exchange, refusal: Refusal): void {
    this.#reply(exchange, toRefusalAnswer(refusal, readRequestId(exchange.request)));
  }

  #reply({ request, response, target, startedMs }: Exchange, answer: Answer): void {
    const { clock, draining, metrics } = this.#options;
    // A body that stopped coming leaves its connection in the middle of a request: nothing can follow on it.
    this.#send(response, answer, draining() || answer.code === 'FS_BODY_TIMEOUT');
    discardRest(request);
    metrics.onAnswer(answer.status, answer.code, clock.monotonicMs() - startedMs);
    if (answer.code === undefined && answer.rejected === undefined) return;
    const sender = target.kind === 'target' ? target.sender.id : undefined;
    this.#tell(request, sender, answer);
  }

  /** One line for a request that was turned away, or of which an event was rejected. */
  #tell(request: IncomingMessage, sender: string | undefined, { status, code, body, rejected }: Answer): void {
    if (rejected !== undefined) {
      const { code: ofEvent, detail } = rejected;
      this.#logRefusal({ requestId: readRequestId(request), sender, status, code: ofEvent, detail }, 'events rejected');
    }
    if (code === undefined) return;
    const requestId = 'requestId' in body ? body.requestId : undefined;
    const detail = 'detail' in body ? body.detail : undefined;
    this.#logRefusal({ requestId, sender, status, code, detail }, 'request turned away');
  }

  #fail({ request, response }: Exchange, thrown: unknown): void {
    const requestId = readRequestId(request);
    this.#options.log.error({ err: thrown, requestId }, `request failed: ${toMessage(thrown)}`);
    this.#send(response, toRefusalAnswer(refuse('FS_INTERNAL', 'see the log'), requestId), true);
    this.#options.metrics.onAnswer(500, 'FS_INTERNAL', 0);
  }
}
