import { type LogProducer } from '@fleetstream/kafka';
import { type Clock, type Log, toMessage } from '@fleetstream/kernel';
import { type Component } from '@fleetstream/runtime';
import { toCancelRecord, toRequestRecord } from './adapters/command-events.ts';
import { type RolloutLog } from './adapters/rollout-log.ts';
import { type RolloutMetrics } from './adapters/rollout-metrics.ts';
import { toMoment } from './delivery-grants.ts';
import { type RolloutBook } from './domain/rollout-book.ts';
import { type RolloutDriver, type RolloutWork } from './domain/rollout-driver.ts';
import { toRolloutCommandId, withdrawnAction } from './domain/rollout-progress.ts';

export interface RunRolloutsOptions {
  readonly book: RolloutBook;
  readonly driver: RolloutDriver;
  readonly rolloutLog: RolloutLog;
  readonly producer: LogProducer;
  readonly instance: string;
  /** False while history is read: what seems missing may stand further on. */
  readonly mayAct: () => boolean;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: RolloutMetrics;
}

export interface RolloutRunner extends Component {
  /** The log told something of the rollout. */
  wake(rolloutId: string): void;
}

const sweepMs = 250;
/** After an append whose outcome is unknown. */
const retryMs = 1_000;

/** Does for each rollout what its driver says, one thing at a time; the rollouts beside each other. */
export function createRolloutRunner(options: RunRolloutsOptions): RolloutRunner {
  const { book, driver, mayAct, clock, log, metrics } = options;
  const busy = new Map<string, Promise<void>>();
  const retryAt = new Map<string, number>();
  let stopping = false;

  const run = async (rolloutId: string): Promise<void> => {
    while (!stopping && mayAct()) {
      let work: RolloutWork | undefined;
      try {
        work = driver.next(rolloutId, toMoment(clock));
        if (work === undefined) return;
        await perform(work, options);
        driver.done(work);
        metrics.worked(work.kind);
      } catch (thrown) {
        metrics.failed();
        log.warn({ rolloutId, work: work?.kind, reason: toMessage(thrown) }, 'the log took no step of a rollout');
        retryAt.set(rolloutId, clock.monotonicMs() + retryMs);
        return;
      }
    }
  };
  const wake = (rolloutId: string) => {
    const waits = (retryAt.get(rolloutId) ?? 0) > clock.monotonicMs();
    if (stopping || waits || busy.has(rolloutId) || !mayAct()) return;
    retryAt.delete(rolloutId);
    busy.set(
      rolloutId,
      run(rolloutId).finally(() => busy.delete(rolloutId)),
    );
  };
  return {
    name: 'rollout-runner',
    wake,
    start: () => {
      const sweep = setInterval(() => {
        for (const { created } of book.all()) wake(created.rolloutId);
      }, sweepMs);
      return Promise.resolve(async () => {
        stopping = true;
        clearInterval(sweep);
        await Promise.all(busy.values());
      });
    },
  };
}

async function perform(work: RolloutWork, options: RunRolloutsOptions): Promise<void> {
  const { producer, clock } = options;
  const time = new Date(clock.nowMs()).toISOString();
  const { rolloutId, command, requestedBy } = work.rollout.created;
  switch (work.kind) {
    case 'decide':
      await appendDecision(work, options);
      return;
    case 'request':
      await producer.append(
        work.robotIds.map((robotId) => {
          const commandId = toRolloutCommandId(rolloutId, robotId);
          return toRequestRecord(robotId, { ...command, commandId, requestedBy, rolloutId }, time);
        }),
      );
      return;
    case 'withdraw':
      await producer.append(
        work.robotIds.map((robotId) => {
          const commandId = toRolloutCommandId(rolloutId, robotId);
          // Whatever a robot's presence is, it is not this; so the model refuses the request, and remembers its id.
          const require = { path: 'presence', equals: withdrawnAction } as const;
          return toRequestRecord(
            robotId,
            { commandId, action: withdrawnAction, require, requestedBy, rolloutId },
            time,
          );
        }),
      );
      return;
    case 'cancel':
      await producer.append(
        work.robotIds.map((robotId) => {
          const commandId = toRolloutCommandId(rolloutId, robotId);
          return toCancelRecord(robotId, { commandId, requestedBy: rolloutId, reason: 'rollout-aborted' }, time);
        }),
      );
      return;
  }
}

async function appendDecision(
  { rollout, decision }: RolloutWork & { readonly kind: 'decide' },
  { rolloutLog, instance, log }: RunRolloutsOptions,
): Promise<void> {
  const { rolloutId } = rollout.created;
  const head = { rolloutId, step: rollout.step, by: instance, wave: decision.wave };
  switch (decision.kind) {
    case 'release':
      await rolloutLog.append({ kind: 'released', data: { ...head, from: decision.from, to: decision.to } });
      return;
    case 'pass':
      await rolloutLog.append({ kind: 'passed', data: { ...head, figures: decision.figures } });
      return;
    case 'abort': {
      const { reason, figures } = decision;
      log.warn({ rolloutId, reason, ...figures }, 'a gate aborts a rollout');
      await rolloutLog.append({ kind: 'aborted', data: { ...head, reason, figures } });
      return;
    }
  }
}
