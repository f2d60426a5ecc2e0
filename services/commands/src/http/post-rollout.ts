import { type Caller } from '@fleetstream/access';
import { rolloutMax, type RolloutPlan } from '@fleetstream/contracts';
import { type Log, toMessage } from '@fleetstream/kernel';
import { type Request, type Response } from 'express';
import { toFingerprint, toRolloutId } from '../adapters/command-events.ts';
import { listSelectable, type SelectableRobotsParts } from '../adapters/selectable-robots.ts';
import { idempotencyKeySchema, refuseKey, type RequestPolicy } from '../domain/command-request.ts';
import { refuse, type Refusal } from '../domain/refusal.ts';
import { type Rollout } from '../domain/rollout.ts';
import { toWaves } from '../domain/rollout-plan.ts';
import { parseRolloutBody, type RolloutBody, toPlan, toRolloutIdentity } from '../domain/rollout-request.ts';
import { select, type Selected } from '../domain/selector.ts';
import { type Rollouts } from '../rollouts.ts';
import { type Handled } from './api-route.ts';

export interface PostRolloutParts extends SelectableRobotsParts {
  readonly rollouts: Rollouts;
  readonly log: Log;
  readonly policy: RequestPolicy;
}

/** Rollouts that have not ended, at most: each costs memory on every instance. */
const openMax = 50;
const sampleSize = 20;

/** `POST /v1/commands`: whom the selector stands for is resolved once, pinned in the log, and asked wave by wave. */
export function createPostRollout(
  parts: PostRolloutParts,
): (request: Request, response: Response, caller: Caller) => Promise<Handled> {
  return async (request, response, caller) => {
    const parsed = parseRolloutBody(request.body);
    if (parsed.kind === 'refused') return parsed;
    const { body } = parsed;
    if (body.dryRun === true) {
      const resolved = await resolve(parts, caller, body);
      if (resolved.kind === 'refused') return resolved;
      response.json(toDryRun(resolved));
      return undefined;
    }
    const answer = await create(parts, request, caller, body);
    if (answer.kind === 'refused') return answer;
    const { rolloutId, phase, robots } = answer;
    response.status(202).location(`/v1/rollouts/${rolloutId}`).json({ rolloutId, phase, robots });
    return undefined;
  };
}

interface Resolved extends Omit<Selected, 'kind'> {
  readonly kind: 'resolved';
  readonly plan: RolloutPlan;
  /** Robots of each wave. */
  readonly waves: readonly number[];
}

async function resolve(parts: PostRolloutParts, caller: Caller, body: RolloutBody): Promise<Resolved | Refusal> {
  if (!parts.rollouts.caughtUp()) return refuse('FS_NOT_READY', 'the robots are still being read');
  const selected = select(body.selector, await listSelectable(parts, caller));
  if (selected.kind === 'refused') return selected;
  const { robotIds, places } = selected;
  if (robotIds.length > rolloutMax.robots) {
    return refuse('FS_SELECTOR_INVALID', `selector: ${robotIds.length} robots, ${rolloutMax.robots} are the most`);
  }
  const plan = toPlan(body);
  const waves = toWaves(plan, robotIds.length);
  if (waves === undefined) {
    return refuse('FS_COMMAND_MALFORMED', `rollout.wave: more than ${rolloutMax.waves} waves`);
  }
  return { kind: 'resolved', robotIds, places, plan, waves: waves.map(({ from, to }) => to - from) };
}

interface Created {
  readonly kind: 'created';
  readonly rolloutId: string;
  /** `CREATED` while the log has not told of it yet. */
  readonly phase: Rollout['phase'] | 'CREATED';
  readonly robots: number;
}

/** The same key of the same caller is the same rollout, and whom it is for is not looked up again. */
async function create(
  parts: PostRolloutParts,
  request: Request,
  caller: Caller,
  body: RolloutBody,
): Promise<Created | Refusal> {
  const { book } = parts.rollouts;
  const key = idempotencyKeySchema.safeParse(request.get('idempotency-key'));
  if (!key.success) return refuseKey();
  const rolloutId = toRolloutId(caller.subject, key.data);
  const fingerprint = toFingerprint(toRolloutIdentity(body));
  if (!parts.rollouts.caughtUp()) return refuse('FS_NOT_READY', 'the rollouts are still being read');
  if (book.fingerprintOf(rolloutId) === undefined) {
    const resolved = await resolve(parts, caller, body);
    if (resolved.kind === 'refused') return resolved;
    if (book.openCount >= openMax) return refuse('FS_OVERLOADED', `${openMax} rollouts have not ended yet`);
    const appended = await append(parts, { rolloutId, fingerprint, caller, body }, resolved);
    if (appended?.kind === 'refused') return appended;
    // It takes longer than it should to be read back; it is in the log.
    if (book.fingerprintOf(rolloutId) === undefined) {
      return { kind: 'created', rolloutId, phase: 'CREATED', robots: resolved.robotIds.length };
    }
  }
  if (book.fingerprintOf(rolloutId) !== fingerprint) {
    return refuse('FS_IDEMPOTENCY_CONFLICT', 'selector, command or rollout differ from the first request');
  }
  const rollout = book.find(rolloutId);
  if (rollout === undefined) return refuse('FS_IDEMPOTENCY_CONFLICT', 'the rollout under this key ended long ago');
  return { kind: 'created', rolloutId, phase: rollout.phase, robots: rollout.robotIds.length };
}

async function append(
  { rollouts, log, policy }: PostRolloutParts,
  given: {
    readonly rolloutId: string;
    readonly fingerprint: string;
    readonly caller: Caller;
    readonly body: RolloutBody;
  },
  { plan, places, robotIds }: Resolved,
): Promise<Refusal | undefined> {
  const { rolloutId, fingerprint, caller, body } = given;
  const { ids, ...selector } = body.selector;
  const data = {
    ...{ rolloutId, fingerprint, by: rollouts.instance, command: body.command, plan, requestedBy: caller.subject },
    selector: { ...selector, ...(ids !== undefined && { ids: ids.length }) },
    ...((body.needsApproval === true || policy.hazardousActions.has(body.command.action)) && { needsApproval: true }),
    ...(places.length <= rolloutMax.places && { places: [...places] }),
  };
  try {
    await rollouts.readBack(await rollouts.rolloutLog.create(data, robotIds));
  } catch (thrown) {
    log.warn({ rolloutId, reason: toMessage(thrown) }, 'the log took no rollout');
    return refuse('FS_BROKER_UNAVAILABLE', 'whether the rollout was created is unknown; the same key asks again');
  }
  rollouts.metrics.created();
  log.info({ rolloutId, robots: robotIds.length, action: body.command.action }, 'rollout created');
  return undefined;
}

function toDryRun({ robotIds, waves }: Resolved): object {
  return { robots: robotIds.length, sample: robotIds.slice(0, sampleSize), waves };
}
