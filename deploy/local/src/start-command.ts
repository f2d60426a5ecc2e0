import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import { type Screen, createScreen, type TextStream } from './screen/create-screen.ts';
import { renderReport } from './screen/render-report.ts';
import { parseFlags } from './parse-flags.ts';
import { prepareRun } from './prepare-run.ts';
import { type RunContext } from './run/run-context.ts';
import { runLocal } from './run/run-local.ts';
import { type StartOptions, startHelp } from './start-options.ts';

export interface CommandContext extends Omit<RunContext, 'options' | 'layout' | 'screen'> {
  readonly stdout: TextStream;
  readonly stderr: TextStream;
}

const exitCodes = { well: 0, failed: 1, unfit: 2, interrupted: 130 } as const;

/** `npm start`: from the command line to the exit code. */
export async function startCommand(argv: readonly string[], context: CommandContext): Promise<number> {
  const parsed = parseFlags(argv, findRecordings(context.root));
  switch (parsed.kind) {
    case 'help':
      context.stdout.write(startHelp);
      return exitCodes.well;
    case 'wrong':
      context.stderr.write(`${parsed.problems.join('\n')}\n"npm start -- --help" lists the flags.\n`);
      return exitCodes.unfit;
    case 'start':
      return await startRun(parsed.options, context);
  }
}

/** Recordings beside the checkout are played without being asked for; without them there is the simulator. */
function findRecordings(root: string): string | undefined {
  const dir = join(root, '../shared/data');
  return existsSync(dir) ? dir : undefined;
}

async function startRun(options: StartOptions, context: CommandContext): Promise<number> {
  const screen = createScreen(options.json ? context.stderr : context.stdout);
  try {
    const prepared = await prepareRun(options, context.environment['PATH'] ?? '', (text) => {
      screen.say(text);
    });
    if (prepared.kind === 'unfit') {
      context.stderr.write(`${prepared.problems.join('\n')}\n`);
      return exitCodes.unfit;
    }
    const report = await runLocal({ ...context, options, layout: prepared.layout, screen });
    if (context.stopNow.aborted) return exitCodes.interrupted;
    if (report === undefined) return sayStopped(screen);
    if (options.json) context.stdout.write(`${JSON.stringify(report)}\n`);
    else screen.say(renderReport(report));
    return report.pass ? exitCodes.well : exitCodes.failed;
  } catch (thrown) {
    if (context.stopNow.aborted) return exitCodes.interrupted;
    if (!(thrown instanceof AppError)) throw thrown;
    context.stderr.write(`\n${thrown.message}\n`);
    return thrown.code === 'FS_CONFIG_INVALID' ? exitCodes.unfit : exitCodes.failed;
  }
}

function sayStopped(screen: Screen): number {
  screen.say('Stopped. The state is kept: the next start goes on from here, "--fresh" begins anew.');
  return exitCodes.well;
}
