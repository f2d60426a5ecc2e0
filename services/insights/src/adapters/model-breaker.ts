import { type AnomalyModel, type ModelSession, type RecordScore, type RobotRecord } from '@fleetstream/anomaly-model';
import { AppError, type Log, toMessage } from '@fleetstream/kernel';
import CircuitBreaker from 'opossum';

export interface ModelBreakerOptions {
  readonly model: AnomalyModel;
  readonly log: Log;
  /** For one batch, in milliseconds. A function of this process that never yields can't be cut off by it. */
  readonly timeoutMs: number;
  readonly resetMs: number;
}

export type BreakerState = 'closed' | 'half-open' | 'open';
export const breakerStates: readonly BreakerState[] = ['closed', 'half-open', 'open'];

/** A model whose sessions fail at once while it keeps failing, so that what is behind it can recover. */
export interface GuardedModel {
  readonly model: AnomalyModel;
  /** Its sessions throw AppError FS_MODEL_UNAVAILABLE only. */
  open(): ModelSession;
  state(): BreakerState;
  stop(): void;
}

const failuresMin = 3;
const failurePercentage = 50;

/** One breaker for all partitions of a model. */
export function createModelBreaker(options: ModelBreakerOptions): GuardedModel {
  const { model, log } = options;
  const breaker = new CircuitBreaker(
    (session: ModelSession, records: readonly RobotRecord[]) => session.score(records),
    {
      timeout: options.timeoutMs,
      resetTimeout: options.resetMs,
      volumeThreshold: failuresMin,
      errorThresholdPercentage: failurePercentage,
    },
  );
  breaker.on('open', () => {
    log.warn({ model: model.name }, 'a model keeps failing: its partitions wait');
  });
  breaker.on('close', () => {
    log.info({ model: model.name }, 'a model answers again');
  });

  async function score(session: ModelSession, records: readonly RobotRecord[]): Promise<readonly RecordScore[]> {
    let scores: readonly RecordScore[];
    try {
      scores = await breaker.fire(session, records);
    } catch (thrown) {
      const message = `The model ${model.name} did not answer: ${toMessage(thrown)}`;
      throw new AppError('FS_MODEL_UNAVAILABLE', message, { cause: thrown, context: { model: model.name } });
    }
    if (scores.length === records.length) return scores;
    const message = `The model ${model.name} gave ${scores.length} scores for ${records.length} records`;
    throw new AppError('FS_MODEL_UNAVAILABLE', message, { context: { model: model.name } });
  }

  return {
    model,
    open: () => {
      const session = model.open();
      return { score: (records) => score(session, records), memory: () => session.memory() };
    },
    state: () => {
      if (breaker.opened) return 'open';
      return breaker.halfOpen ? 'half-open' : 'closed';
    },
    stop: () => {
      breaker.shutdown();
    },
  };
}
