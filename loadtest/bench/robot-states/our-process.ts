import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type LocalProcess, spawnLocalProcess } from '@fleetstream/local';
import { type StateEngineLine, type StateEngineRun } from './engine/state-engine-run.ts';

export interface OurProcessOptions {
  readonly run: StateEngineRun;
  readonly folder: string;
  readonly nodeFile: string;
  readonly env: NodeJS.ProcessEnv;
}

/** One instance of our engine, through all its lives. */
export interface OurProcess {
  readonly run: StateEngineRun;
  start(): void;
  /** What it has said since its last start; logs go to a file. */
  lines(): readonly StateEngineLine[];
  kill(): Promise<void>;
}

const program = fileURLToPath(new URL('engine/main.ts', import.meta.url));

export function createOurProcess({ run, folder, nodeFile, env }: OurProcessOptions): OurProcess {
  let running: LocalProcess | undefined;
  let lines: StateEngineLine[] = [];
  return {
    run,
    start: () => {
      lines = [];
      running = spawnLocalProcess({
        ...{ name: run.instanceId, command: nodeFile },
        args: ['--disable-warning=TimeoutNegativeWarning', program, JSON.stringify(run)],
        // As a local start has it: the second life finds the program compiled.
        environment: { ...env, NODE_COMPILE_CACHE: join(folder, 'compile-cache') },
        logFile: join(folder, `${run.instanceId}.log`),
        address: run.brokers,
        appendLog: true,
        onLine: (line) => {
          if (line.startsWith('{"kind"')) lines.push(JSON.parse(line) as StateEngineLine);
        },
      });
    },
    lines: () => lines,
    kill: async () => {
      await running?.kill();
      running = undefined;
    },
  };
}
