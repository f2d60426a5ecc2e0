import { resolve } from 'node:path';
import { AppError } from '@fleetstream/kernel';
import { findPlatform, type OwnPlatformOptions, startOwnPlatform } from './find-platform.ts';
import { type Check, renderCheck } from '../check.ts';
import { type LoadCommand, loadHelp, type LoadOptions } from './load-options.ts';
import { runOverload } from './overload/run-overload.ts';
import { parseLoadFlags } from './parse-load-flags.ts';
import { runHpaMetric } from './run-hpa-metric.ts';
import { runSmoke } from './run-smoke.ts';

export interface LoadContext extends OwnPlatformOptions {
  readonly stdout: (line: string) => void;
  readonly stderr: (line: string) => void;
}

/** `npm run load`: from the command line to the exit code. */
export async function runLoadCommand(argv: readonly string[], context: LoadContext): Promise<0 | 1 | 2> {
  const parsed = parseLoadFlags(argv);
  switch (parsed.kind) {
    case 'help':
      context.stdout(loadHelp);
      return 0;
    case 'wrong':
      context.stderr(`${parsed.problems.join('\n')}\n"npm run load -- --help" lists the commands and flags.`);
      return 2;
    case 'run':
      return await runLoad(parsed.options, context);
  }
}

async function runLoad(options: LoadOptions, context: LoadContext): Promise<0 | 1 | 2> {
  const say = options.json ? context.stderr : context.stdout;
  try {
    if (options.command === 'overload') {
      const { root, nodeFile, environment } = context;
      const report = await runOverload(
        { root, nodeFile, environment, say, stop: new AbortController().signal },
        { durationSeconds: options.durationSeconds, capacitySeconds: options.quick ? 8 : 15 },
      );
      return tell(options.command, report, say, context.stdout);
    }
    if (options.start) say('Starting a platform …');
    const platform = options.start
      ? await startOwnPlatform(context)
      : findPlatform(resolve(context.root, options.stateDir));
    try {
      const run = options.command === 'smoke' ? runSmoke : runHpaMetric;
      const report = await run(platform, options, say, context.root);
      return tell(options.command, report, say, context.stdout);
    } finally {
      await platform.stop();
    }
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    context.stderr(thrown.message);
    return thrown.code === 'FS_NOT_READY' ? 2 : 1;
  }
}

function tell(
  command: LoadCommand,
  { checks, figures }: { readonly checks: readonly Check[]; readonly figures: unknown },
  say: (line: string) => void,
  stdout: (line: string) => void,
): 0 | 1 {
  const pass = checks.every((check) => check.pass);
  for (const check of checks) say(renderCheck(check));
  stdout(JSON.stringify({ command, pass, checks, figures }));
  return pass ? 0 : 1;
}
