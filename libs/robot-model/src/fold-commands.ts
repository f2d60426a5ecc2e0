import { type FleetEvent } from '@fleetstream/contracts';
import { answerByActions } from './command-answers.ts';
import { type Commands } from './command-ledger.ts';
import { CommandQueue } from './command-queue.ts';
import { type Conditioned } from './condition.ts';
import { type OutputCollector } from './outputs.ts';
import { type RobotRules } from './robot-rules.ts';
import { type RobotState } from './robot-state.ts';

/** What the commands' part of a step needs to know of the step. */
export interface CommandsInput {
  readonly event: FleetEvent;
  readonly late: boolean;
  readonly nowMs: number;
  /** As the event has left it. */
  readonly robot: Conditioned;
}

/**
 * Folds an event into the commands of the state `before` it, and tells of their transitions. Late events count like any
 * other: statuses only go forward, so they can't be undone by what is old.
 */
export function foldCommands(
  before: RobotState,
  { event, late, nowMs, robot }: CommandsInput,
  outputs: OutputCollector,
  rules: RobotRules,
): Commands | undefined {
  const { commands } = before;
  if (!concernsCommands(event) && !isWaiting(commands)) return commands;
  const queue = new CommandQueue(commands, nowMs, rules, robot);
  switch (event.type) {
    case 'robot.state.v1':
      answerByActions(queue, before.reported.actions, event.data.actions, late);
      break;
    case 'robot.command-ack.v1': {
      const { commandId, status, tries, attempt, failure, reason, result } = event.data;
      queue.answer({ commandId, status, late, tries, attempt, failure, reason, result });
      break;
    }
    case 'fleet.command-requested.v1':
      queue.request(event.data);
      break;
    case 'fleet.command-cancel-requested.v1':
      queue.cancel(event.data);
      break;
    case 'fleet.command-decided.v1':
      queue.decide(event.data);
      break;
    case 'fleet.delivery.v1':
      queue.deliver(event.data);
      break;
    case 'fleet.robot-enrolled.v1':
    case 'fleet.robot-retired.v1':
    case 'fleet.tick.v1':
    case 'robot.alert.v1':
    case 'robot.task.v1':
    case 'robot.telemetry.v1':
      // Whatever it says of the robot may be what a command waits for.
      break;
  }
  return endStep(queue, outputs);
}

function concernsCommands({ type }: FleetEvent): boolean {
  return type === 'robot.command-ack.v1' || type.startsWith('fleet.command-') || type === 'fleet.delivery.v1';
}

/** Most robots have no command, and most events find nothing to do here. */
function isWaiting(commands: Commands | undefined): boolean {
  return commands !== undefined && commands.open.length + commands.finished.length + commands.verifying.length > 0;
}

/** Ends the commands that are due at `nowMs`. */
export function expireCommands(
  commands: Commands | undefined,
  { nowMs, robot }: Pick<CommandsInput, 'nowMs' | 'robot'>,
  outputs: OutputCollector,
  rules: RobotRules,
): Commands | undefined {
  if (commands === undefined) return undefined;
  const queue = new CommandQueue(commands, nowMs, rules, robot);
  queue.expire();
  return endStep(queue, outputs);
}

function endStep(queue: CommandQueue, outputs: OutputCollector): Commands | undefined {
  const commands = queue.finish();
  for (const move of queue.moves) outputs.command(move);
  return commands;
}
