import { type FleetEvent } from '@fleetstream/contracts';
import { answerByActions } from './command-answers.ts';
import { CommandQueue, type Commands } from './command-queue.ts';
import { type OutputCollector } from './outputs.ts';
import { type RobotRules } from './robot-rules.ts';
import { type RobotState } from './robot-state.ts';

/** What the commands' part of a step needs to know of the step. */
export interface CommandsInput {
  readonly event: FleetEvent;
  readonly late: boolean;
  readonly nowMs: number;
}

/**
 * Folds an event into the commands of the state `before` it, and tells of their transitions. Late events count like any
 * other: statuses only go forward, so they can't be undone by what is old.
 */
export function foldCommands(
  before: RobotState,
  { event, late, nowMs }: CommandsInput,
  outputs: OutputCollector,
  rules: RobotRules,
): Commands | undefined {
  const { commands } = before;
  switch (event.type) {
    case 'robot.state.v1': {
      const { actions } = event.data;
      if (commands === undefined || actions === undefined) return commands;
      const queue = new CommandQueue(commands, nowMs, rules);
      answerByActions(queue, before.reported.actions, actions, late);
      return endStep(queue, outputs);
    }
    case 'robot.command-ack.v1': {
      const { commandId, status, reason, result } = event.data;
      const queue = new CommandQueue(commands, nowMs, rules);
      queue.answer({ commandId, status, late, reason, result });
      return endStep(queue, outputs);
    }
    case 'fleet.command-requested.v1': {
      const queue = new CommandQueue(commands, nowMs, rules);
      queue.request(event.data);
      return endStep(queue, outputs);
    }
    case 'fleet.delivery.v1': {
      const queue = new CommandQueue(commands, nowMs, rules);
      queue.deliver(event.data);
      return endStep(queue, outputs);
    }
    case 'fleet.command-cancel-requested.v1':
    case 'fleet.robot-enrolled.v1':
    case 'fleet.robot-retired.v1':
    case 'fleet.tick.v1':
    case 'robot.alert.v1':
    case 'robot.task.v1':
    case 'robot.telemetry.v1':
      return commands;
  }
}

/** Ends the commands that are due at `nowMs`. */
export function expireCommands(
  commands: Commands | undefined,
  nowMs: number,
  outputs: OutputCollector,
  rules: RobotRules,
): Commands | undefined {
  if (commands === undefined) return undefined;
  const queue = new CommandQueue(commands, nowMs, rules);
  queue.expire();
  return endStep(queue, outputs);
}

function endStep(queue: CommandQueue, outputs: OutputCollector): Commands | undefined {
  const commands = queue.finish();
  for (const move of queue.moves) outputs.command(move);
  return commands;
}
