import { toMessage } from '@fleetstream/kernel';
import { CliFailure } from './cli-failure.ts';
import { type CliWorld, type Command } from './command.ts';
import { auditCommand } from './commands/audit.ts';
import { capsuleCommand } from './commands/capsule.ts';
import { checkpointsCommand } from './commands/checkpoints.ts';
import { commandCommand } from './commands/command.ts';
import { deadLettersCommand } from './commands/dead-letters.ts';
import { enrollCommand } from './commands/enroll.ts';
import { insightsCommand } from './commands/insights.ts';
import { replayCommand } from './commands/replay.ts';
import { robotsCommand } from './commands/robots.ts';
import { keysCommand } from './commands/keys.ts';
import { rolloutCommand } from './commands/rollout.ts';
import { sendCommand } from './commands/send.ts';
import { signCommand } from './commands/sign.ts';
import { stateCommand } from './commands/state.ts';
import { taskCommand } from './commands/task.ts';
import { findNearestWord } from './domain/nearest-word.ts';

const commands: readonly Command[] = [
  enrollCommand,
  signCommand,
  sendCommand,
  stateCommand,
  capsuleCommand,
  replayCommand,
  robotsCommand,
  commandCommand,
  taskCommand,
  rolloutCommand,
  auditCommand,
  insightsCommand,
  keysCommand,
  checkpointsCommand,
  deadLettersCommand,
];

const help = `fleetstream <command> [flags]

${commands.map(({ name, summary }) => `  ${name.padEnd(12)} ${summary}`).join('\n')}

  fleetstream <command> --help   says more

Addresses and secrets come from flags, then FLEETSTREAM_… variables, then .fleetstream/, which "npm start" writes.
Exit codes: 0 done, 1 refused or failed, 2 the command line is wrong, 3 nothing can be reached.`;

/** Runs one command line to its exit code; everything that goes wrong ends as a sentence on standard error. */
export async function runCli(args: readonly string[], world: CliWorld): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    if (name === undefined) world.note(help);
    else world.out(help);
    return name === undefined ? 2 : 0;
  }
  const command = commands.find((one) => one.name === name);
  if (command === undefined) {
    const near = findNearestWord(name, [...commands.map((one) => one.name), 'help']);
    world.note(`fleetstream: there is no "${name}"${near === undefined ? '' : `; did you mean "${near}"?`}`);
    world.note('fleetstream --help lists the commands.');
    return 2;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    world.out(command.help);
    return 0;
  }
  try {
    await command.run(rest, world);
    return 0;
  } catch (thrown) {
    world.note(`fleetstream: ${toMessage(thrown)}`);
    if (!(thrown instanceof CliFailure)) return 1;
    if (thrown.exitCode === 2) world.note(`fleetstream ${command.name} --help says more.`);
    return thrown.exitCode;
  }
}
