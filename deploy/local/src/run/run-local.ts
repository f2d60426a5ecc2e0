import { AppError } from '@fleetstream/kernel';
import { RecordedChildren } from '../checks/recorded-children.ts';
import { RunningParts } from '../supervision/running-parts.ts';
import { LocalRun } from './local-run.ts';
import { type RunContext } from './run-context.ts';
import { type RunReport } from './run-report.ts';

/**
 * The whole platform and a fleet on this machine, until it is told to stop or its time is over.
 *
 * @returns the report of a run that came to its end; `undefined` when it was stopped before, which checks nothing
 * @throws AppError when a part doesn't start or can't be kept running
 */
export async function runLocal(context: RunContext): Promise<RunReport | undefined> {
  const { layout, screen } = context;
  const children = new RecordedChildren(layout.childrenFile, context.pid);
  const running = new RunningParts(children, (text) => {
    screen.say(`! ${text}`);
  });
  const run = new LocalRun(context, running, children);
  context.stopNow.addEventListener('abort', () => {
    void run.killFleet();
    void running.killAll();
  });
  try {
    // When the stop comes first, what still starts or plays fails by it, and that is nobody's error.
    return await Promise.race([run.play(), failWhenAborted(running.failed), returnWhenAborted(context.stop)]);
  } finally {
    screen.hide();
    if (context.stop.aborted) screen.say('Stopping in order; Ctrl-C again ends everything at once.');
    await run.close();
    await running.stopAll();
    children.clear();
  }
}

async function failWhenAborted(signal: AbortSignal): Promise<never> {
  await returnWhenAborted(signal);
  throw new AppError('FS_INTERNAL', String(signal.reason));
}

async function returnWhenAborted(signal: AbortSignal): Promise<undefined> {
  if (signal.aborted) return undefined;
  await new Promise<void>((resolve) => {
    signal.addEventListener(
      'abort',
      () => {
        resolve();
      },
      { once: true },
    );
  });
  return undefined;
}
