import { defaultRobotRules, type RobotRules } from '@fleetstream/robot-model';
import { type ProcessorConfig } from './config.ts';

/** The model's rules as this process is configured. Whoever folds the same log again needs the same. */
export function toRobotRules(
  config: Pick<
    ProcessorConfig,
    'PROCESSOR_OFFLINE_AFTER_MS' | 'PROCESSOR_RETIRED_KEPT_MS' | 'PROCESSOR_COMMAND_ANSWER_WITHIN_MS'
  >,
): RobotRules {
  return {
    ...defaultRobotRules,
    offlineAfterMs: config.PROCESSOR_OFFLINE_AFTER_MS,
    retiredKeptMs: config.PROCESSOR_RETIRED_KEPT_MS,
    commandAnswerWithinMs: config.PROCESSOR_COMMAND_ANSWER_WITHIN_MS,
  };
}
