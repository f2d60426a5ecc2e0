import { readRequestId } from '@fleetstream/runtime';
import { type IncomingMessage, type ServerResponse } from 'node:http';
import { type Clock, isRobotId, type Log, toMessage } from '@fleetstream/kernel';
import { type RobotKeys } from '@fleetstream/signing';
import { checkEvents } from '../domain/check-events.ts';
import { parseBody } from '../domain/parse-body.ts';
import { refuse } from '../domain/refusal.ts';
import { type Answer, toAnswer, toRefusalAnswer } from '../domain/to-answer.ts';
import { type WebhookMetrics } from '../metrics.ts';
import { type AppendPorts, appendEvents } from './append-events.ts';
import { type ByteBudget, type ByteHold } from './byte-budget.ts';
import { discardRest } from './discard-rest.ts';
import { createLimitedLog } from './limited-log.ts';
import { readBody } from './read-body.ts';
import { createAnswerSender } from './send-answer.ts';
import { verifySignature } from './verify-signature.ts';

export interface EventsHandlerOptions extends AppendPorts {
  readonly keys: RobotKeys;
  readonly budget: ByteBudget;
  readonly metrics: WebhookMetrics;
  readonly log: Log;
  readonly clock: Clock;
  readonly limits: {
    readonly maxBodyBytes: number;
    readonly maxEventBytes: number;
    readonly maxBatchEvents: number;
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

const path = /^\/v1\/robots\/([^/?]+)\/events\/?(?:\?|$)/;
const refusalLinesPerSecond = 20;

export function createEventsHandler(options: EventsHandlerOptions): EventsHandler {
  const send = createAnswerSender();
  const logRefusal = createLimitedLog(options.log, options.clock, refusalLinesPerSecond);
  const working = new Set<Promise<void>>();

  const work = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const startedMs = options.clock.monotonicMs();
    const robotId = readRobotId(request);
    const hold = options.budget.open();
    try {
      const answer = await answerEvents(options, request, robotId, hold);
      if (answer === undefined) {
        options.metrics.onSenderGone();
        return;
      }
      // A body that stopped coming leaves its connection in the middle of a request: nothing can follow on it.
      const close = options.draining() || answer.code === 'FS_BODY_TIMEOUT';
      send(response, answer, { close });
      discardRest(request);
      options.metrics.onAnswer(answer.status, answer.code, options.clock.monotonicMs() - startedMs);
      if (answer.code !== undefined) {
        const requestId = 'requestId' in answer.body ? answer.body.requestId : undefined;
        const detail = 'detail' in answer.body ? answer.body.detail : undefined;
        logRefusal({ requestId, robotId, status: answer.status, code: answer.code, detail }, 'request turned away');
      }
    } finally {
      hold.release();
    }
  };

  return {
    matches: (request) => request.method === 'POST' && path.test(request.url ?? ''),
    handle: (request, response) => {
      const worked = work(request, response)
        .catch((thrown: unknown) => {
          const requestId = readRequestId(request);
          options.log.error({ err: thrown, requestId }, `request failed: ${toMessage(thrown)}`);
          send(response, toRefusalAnswer(refuse('FS_INTERNAL', 'see the log'), requestId), { close: true });
          options.metrics.onAnswer(500, 'FS_INTERNAL', 0);
        })
        .finally(() => working.delete(worked));
      working.add(worked);
    },
    idle: async () => {
      while (working.size > 0) await Promise.all(working);
    },
  };
}

/** The path of a request, step by step; the first step that refuses answers it. `undefined`: nobody is there. */
async function answerEvents(
  options: EventsHandlerOptions,
  request: IncomingMessage,
  robotId: string | undefined,
  hold: ByteHold,
): Promise<Answer | undefined> {
  const { limits, keys, clock, metrics } = options;
  const { headers } = request;
  if (robotId === undefined) return toRefusalAnswer(invalidRobotId, readRequestId(request));

  const read = await readBody(request, { maxBytes: limits.maxBodyBytes, timeoutMs: limits.bodyTimeoutMs, hold });
  if (read.kind === 'gone') return undefined;
  if (read.kind === 'refused') return toRefusalAnswer(read, readRequestId(request));
  const { body } = read;

  const verified = verifySignature(keys, { robotId, headers, body }, clock.nowMs());
  if (verified.kind === 'refused') return toRefusalAnswer(verified, readRequestId(request));
  if (verified.clockOutOfWindow) metrics.onClockOutOfWindow();

  const parsed = parseBody(headers, body, { maxEvents: limits.maxBatchEvents });
  if (parsed.kind === 'refused') return toRefusalAnswer(parsed, readRequestId(request));

  const { webhookId } = verified;
  const checked = checkEvents(parsed, { robotId, webhookId, body, maxEventBytes: limits.maxEventBytes });
  const results = await appendEvents(options, robotId, checked);
  metrics.onResults(results);
  return toAnswer(results, () => readRequestId(request));
}

const invalidRobotId = refuse('FS_ROBOT_ID_INVALID', 'path: /v1/robots/{robotId}/events');

function readRobotId(request: IncomingMessage): string | undefined {
  const segment = path.exec(request.url ?? '')?.[1];
  if (segment === undefined) return undefined;
  try {
    const robotId = decodeURIComponent(segment);
    return isRobotId(robotId) ? robotId : undefined;
  } catch {
    // A broken percent-encoding is no robot's id.
    return undefined;
  }
}
