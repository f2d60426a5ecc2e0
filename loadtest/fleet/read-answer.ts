import { type EventResult, type FoldedProgress } from '@fleetstream/contracts';
import { type GivenCommand } from './commands/command-gateway.ts';
import { type GatewayAnswer } from './gateway.ts';

/** The end of an event, as its robot sees it. */
export type FinalVerdict =
  | { readonly result: 'accepted' }
  | { readonly result: 'duplicate' }
  | { readonly result: 'rejected'; readonly code: string };

/** What an answer says of one event of the request. */
export type Verdict = FinalVerdict | { readonly result: 'retry' };

export interface AnswerReading {
  /** One per event of the request, in its order. */
  readonly verdicts: readonly Verdict[];
  /** The request was refused as a whole for something in it: send less at once to find what. */
  readonly split: boolean;
  /** How long the platform asks to wait, in milliseconds. */
  readonly retryAfterMs: number | undefined;
  /** What the platform says it has folded. */
  readonly folded: readonly FoldedProgress[];
  /** How often the platform asks to be reported to at most, in milliseconds; 0: as often as one likes. */
  readonly reportEveryMs: number;
  /** Handed over by this answer, to a robot that asked for them. */
  readonly commands: readonly GivenCommand[];
  /** Some are due, and not in this answer. */
  readonly commandsDue: boolean;
}

const retry: Verdict = { result: 'retry' };
/** A wait that the platform asks for is honoured up to this; a robot must not sleep for a day over a wrong header. */
const retryAfterMsMax = 60_000;
const retryStatuses: ReadonlySet<number> = new Set([408, 421, 425, 429]);
/** Refusals for something in the body: a smaller body may pass, and the part that doesn't is found. */
const splitStatuses: ReadonlySet<number> = new Set([400, 403, 413, 422]);

/**
 * Reads an answer as the ingest contract says: `results` wherever they are; else by status. An event that `results`
 * leaves out counts as unknown, so it is sent again: losing it would be silent.
 */
export function readAnswer(answer: GatewayAnswer, ids: readonly string[], nowMs: number): AnswerReading {
  const all = (verdict: Verdict) => ids.map(() => verdict);
  if (answer.kind === 'lost') return { ...nothingSaid, verdicts: all(retry) };
  const { status } = answer;
  const { results, code, hints } = parseBody(answer.body);
  const said = { ...nothingSaid, ...hints, retryAfterMs: toRetryAfterMs(answer.retryAfter, nowMs) };
  if (results !== undefined) return { ...said, verdicts: toVerdicts(results, ids) };
  // A 2xx without results is no acknowledgement of any event.
  if (status < 400 || status >= 500 || retryStatuses.has(status)) return { ...said, verdicts: all(retry) };
  if (ids.length > 1 && splitStatuses.has(status)) return { ...said, verdicts: all(retry), split: true };
  return { ...said, verdicts: all({ result: 'rejected', code: code ?? `HTTP_${status}` }) };
}

const noHints = { folded: [], reportEveryMs: 0, commands: [], commandsDue: false } as const;
const nothingSaid = { ...noHints, split: false, retryAfterMs: undefined } as const;

function toVerdicts(results: readonly EventResult[], ids: readonly string[]): Verdict[] {
  const aligned = results.length === ids.length && results.every((result, index) => result.id === ids[index]);
  const byId = aligned ? undefined : new Map(results.map((result) => [result.id, result]));
  return ids.map((id, index) => toVerdict(byId === undefined ? results[index] : byId.get(id)));
}

function toVerdict(result: EventResult | undefined): Verdict {
  switch (result?.result) {
    case 'accepted':
    case 'duplicate':
      return { result: result.result };
    case 'rejected':
      return { result: 'rejected', code: result.code ?? 'UNSAID' };
    case 'retry':
    case undefined:
      return retry;
    default:
      // A result of a later version of the contract: not known to be an acknowledgement.
      return retry;
  }
}

interface ParsedBody {
  readonly results?: readonly EventResult[];
  readonly code?: string;
  readonly hints: Pick<AnswerReading, keyof typeof noHints>;
}

function parseBody(text: string): ParsedBody {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // A proxy's page instead of the webhook's answer: the status alone speaks.
    return { hints: noHints };
  }
  if (typeof parsed !== 'object' || parsed === null) return { hints: noHints };
  const { results, code, folded, reportEveryMs, commands, commandsDue } = parsed as Record<string, unknown>;
  return {
    ...(Array.isArray(results) ? { results: results as EventResult[] } : {}),
    ...(typeof code === 'string' ? { code } : {}),
    hints: {
      folded: Array.isArray(folded) ? (folded as FoldedProgress[]) : [],
      reportEveryMs: typeof reportEveryMs === 'number' ? Math.min(reportEveryMs, retryAfterMsMax) : 0,
      commands: Array.isArray(commands) ? (commands as GivenCommand[]) : [],
      commandsDue: commandsDue === true,
    },
  };
}

function toRetryAfterMs(header: string | undefined, nowMs: number): number | undefined {
  if (header === undefined) return undefined;
  const waitMs = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isFinite(waitMs) ? Math.min(Math.max(waitMs, 0), retryAfterMsMax) : undefined;
}
