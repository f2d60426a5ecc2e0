import { type EventChecks } from '@fleetstream/contracts';
import { readRequestId } from '@fleetstream/runtime';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Clock, type Log, toMessage } from '@fleetstream/kernel';
import { checkEvents } from '../domain/check-events.ts';
import { type IngestTarget, isIngestPath, readIngestTarget } from '../domain/ingest-target.ts';
import { isUrgent } from '../domain/is-urgent.ts';
import { parseBody } from '../domain/parse-body.ts';
import { readTraceParent } from '../domain/read-trace-parent.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { type Answer, toAnswer, toHints, toRefusalAnswer } from '../domain/to-answer.ts';
import { type WebhookMetrics } from '../metrics.ts';
import { type AppendPorts, appendEvents } from './append-events.ts';
import { appendForFleet } from './append-for-fleet.ts';
import { authenticate, type TrustPorts } from './authenticate.ts';
import { asksCommands, carryCommands, type CommandsPort } from './carry-commands.ts';
import { type ByteBudget, type ByteHold } from './byte-budget.ts';
import { discardRest } from './discard-rest.ts';
import { inflateBody, isCompressed } from './inflate-body.ts';
import { createLimitedLog } from './limited-log.ts';
import { type PressureGauge } from './pressure-gauge.ts';
import { readBody } from './read-body.ts';
import { createAnswerSender } from './send-answer.ts';

export interface EventsHandlerOptions extends AppendPorts, TrustPorts {
  readonly pressure: Pick<PressureGauge, 'level' | 'reportEveryMs'>;
  readonly budget: ByteBudget;
  readonly checks: EventChecks;
  readonly metrics: WebhookMetrics;
  readonly log: Log;
  readonly clock: Clock;
  /** `undefined`: answers only say that commands are due. */
  readonly commands?: CommandsPort | undefined;
  readonly limits: {
    readonly maxBodyBytes: number;
    readonly maxEventBytes: number;
    readonly maxBatchEvents: number;
    readonly maxJsonDepth: number;
    readonly maxTextBytes: number;
    readonly maxInflateRatio: number;
    readonly bodyTimeoutMs: number;
  };
  /** While it says true, answers end their connections. */
  readonly draining: () => boolean;
}

export interface EventsHandler {
  /** Whether a request is one for `handle`. */
  matches(request: IncomingMessage): boolean;
  /** `POST /v1/robots/{robotId}/events`: as an Express handler, or straight from `node:http`. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void;
  /** Resolves when no request is being worked on, its sender still there or not. */
  idle(): Promise<void>;
}

const refusalLinesPerSecond = 20;

export function createEventsHandler(options: EventsHandlerOptions): EventsHandler {
  const send = createAnswerSender();
  const logRefusal = createLimitedLog(options.log, options.clock, refusalLinesPerSecond);
  let working = 0;
  const onIdle: (() => void)[] = [];

  const respond = async (request: IncomingMessage, response: ServerResponse, hold: ByteHold): Promise<void> => {
    const startedMs = options.clock.monotonicMs();
    const target = readIngestTarget(request.url ?? '');
    const answer =
      target.kind === 'refused'
        ? toRefusalAnswer(target, readRequestId(request))
        : await answerEvents(options, request, target, hold);
    if (answer === undefined) {
      options.metrics.onSenderGone();
      return;
    }
    // A body that stopped coming leaves its connection in the middle of a request: nothing can follow on it.
    const close = options.draining() || answer.code === 'FS_BODY_TIMEOUT';
    send(response, answer, { close });
    discardRest(request);
    options.metrics.onAnswer(answer.status, answer.code, options.clock.monotonicMs() - startedMs);
    if (answer.rejected !== undefined) {
      const { code, detail } = answer.rejected;
      const sender = target.kind === 'target' ? target.sender.id : undefined;
      logRefusal({ requestId: readRequestId(request), sender, status: answer.status, code, detail }, 'events rejected');
    }
    if (answer.code !== undefined) {
      const requestId = 'requestId' in answer.body ? answer.body.requestId : undefined;
      const detail = 'detail' in answer.body ? answer.body.detail : undefined;
      const sender = target.kind === 'target' ? target.sender.id : undefined;
      logRefusal({ requestId, sender, status: answer.status, code: answer.code, detail }, 'request turned away');
    }
  };

  /** Never rejects. Counted by itself rather than by its promise, which every request would pay for. */
  const work = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const hold = options.budget.open(isUrgent(request.headers));
    working += 1;
    try {
      await respond(request, response, hold);
    } catch (thrown) {
      const requestId = readRequestId(request);
      options.log.error({ err: thrown, requestId }, `request failed: ${toMessage(thrown)}`);
      send(response, toRefusalAnswer(refuse('FS_INTERNAL', 'see the log'), requestId), { close: true });
      options.metrics.onAnswer(500, 'FS_INTERNAL', 0);
    } finally {
      hold.release();
      working -= 1;
      if (working === 0) for (const resolve of onIdle.splice(0)) resolve();
    }
  };

  return {
    matches: (request) => request.method === 'POST' && isIngestPath(request.url ?? ''),
    handle: (request, response) => {
      void work(request, response);
    },
    idle: () =>
      new Promise((resolve) => {
        if (working === 0) resolve();
        else onIdle.push(resolve);
      }),
  };
}

/** The path of a request, step by step; the first step that refuses answers it. `undefined`: nobody is there. */
async function answerEvents(
  options: EventsHandlerOptions,
  request: IncomingMessage,
  { sender, dialect }: IngestTarget,
  hold: ByteHold,
): Promise<Answer | undefined> {
  const { limits, keys, checks, clock, metrics } = options;
  const refused = (refusal: Refusal) => toRefusalAnswer(refusal, readRequestId(request));
  const { headers } = request;
  if (options.pressure.level() === 3 && !isUrgent(headers)) {
    return refused(atItsEnd);
  }
  const read = await readBody(request, { maxBytes: limits.maxBodyBytes, timeoutMs: limits.bodyTimeoutMs, hold });
  if (read.kind === 'gone') return undefined;
  if (read.kind === 'refused') return refused(read);

  // Not awaited when there is nothing to wait for: that would cost every request a turn.
  const trust = authenticate(options, request, sender, read.body, clock.nowMs());
  const verified = trust instanceof Promise ? await trust : trust;
  if (verified.kind === 'refused') return refused(verified);
  metrics.onClockOffset(verified.clockOffsetSeconds, verified.clockOutOfWindow);

  const inflated = isCompressed(headers) ? await inflateBody(headers, read.body, limits, hold) : read;
  if (inflated.kind === 'refused') return refused(inflated);
  const { body } = inflated;
  const parsed = parseBody(headers, body, { ...limits, maxEvents: limits.maxBatchEvents }, dialect !== undefined);
  if (parsed.kind === 'refused') return refused(parsed);

  const { webhookId, sentAtMs } = verified;
  const checked = checkEvents(parsed, {
    sender,
    dialect,
    maySendFor: (fleetId, robotId) => keys.maySendFor(fleetId, robotId),
    checks,
    webhookId,
    sentAtMs,
    body,
    maxEventBytes: limits.maxEventBytes,
  });
  const trace = readTraceParent(headers['traceparent']);
  const { results, folded, commandsDue } =
    sender.kind === 'fleet'
      ? await appendForFleet(options, sender.id, checked, trace)
      : await appendEvents(options, sender.id, checked, { trace, asksCommands: asksCommands(headers) });
  metrics.onResults(results);
  const hints = toHints(folded, options.pressure.reportEveryMs(), verified.clockOffsetSeconds);
  const carried = commandsDue ? await carryCommands(options.commands, request, sender.id, results) : '';
  return toAnswer(results, () => readRequestId(request), hints + carried);
}

const atItsEnd = refuse(
  'FS_OVERLOADED',
  'this pod is at its end; send urgent events by themselves, or with priority: u=0',
);
