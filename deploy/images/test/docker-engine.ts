import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runProgram } from './run-program.ts';

/** A Docker engine that answers. */
export interface DockerEngine {
  /** For whoever calls `docker`: where the engine is. */
  readonly environment: NodeJS.ProcessEnv;
  /** Started by us, and nobody else's: images may get any name there. */
  readonly own: boolean;
  stop(): Promise<void>;
}

const startTimeoutMs = 60_000;
const stopTimeoutMs = 30_000;

/**
 * The engine that `docker` talks to; where there is none, one of our own, if this user may start it.
 *
 * @returns a sentence that says why there is none
 */
export async function openDockerEngine(
  environment: NodeJS.ProcessEnv,
  dataDir: string,
): Promise<DockerEngine | string> {
  const found = await runProgram('docker', ['info'], { timeoutMs: 20_000, environment });
  if (found.ok) return { environment, own: false, stop: () => Promise.resolve() };
  if (process.platform !== 'linux') return 'no Docker engine answers';
  if (process.getuid?.() !== 0) return 'no Docker engine answers, and only root could start one';
  const there = await runProgram('dockerd', ['--version'], { timeoutMs: 20_000 });
  if (!there.ok) return 'no Docker engine answers, and there is no dockerd to start (apt-get install docker.io)';
  return await startEngine(environment, dataDir);
}

async function startEngine(environment: NodeJS.ProcessEnv, dataDir: string): Promise<DockerEngine | string> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetstream-docker-'));
  mkdirSync(dataDir, { recursive: true });
  const socket = `unix://${directory}/docker.sock`;
  const logFile = join(directory, 'dockerd.log');
  const log = openSync(logFile, 'w');
  const places = ['--data-root', dataDir, '--exec-root', join(directory, 'exec'), '--pidfile', join(directory, 'pid')];
  const child = spawn('dockerd', [...places, '--host', socket], { stdio: ['ignore', log, log] });
  closeSync(log);
  const exited = new Promise<void>((resolve) => {
    child.once('exit', () => {
      resolve();
    });
    child.once('error', () => {
      resolve();
    });
  });
  const own = { ...environment, DOCKER_HOST: socket };
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await Promise.race([exited, sleep(stopTimeoutMs, undefined, { ref: false })]);
    child.kill('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  const deadlineMs = Date.now() + startTimeoutMs;
  while (Date.now() < deadlineMs && child.exitCode === null) {
    const answer = await runProgram('docker', ['info'], { timeoutMs: 10_000, environment: own });
    if (answer.ok) return { environment: own, own: true, stop };
    await sleep(300);
  }
  const last = readFileSync(logFile, 'utf8').trim().split('\n').slice(-3).join('\n');
  await stop();
  return `dockerd does not come up here:\n${last}`;
}
