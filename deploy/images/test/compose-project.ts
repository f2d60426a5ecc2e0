import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { composeVariables } from '../environment/compose-variables.ts';
import { fillEnvironment } from '../environment/fill-environment.ts';
import { type DockerEngine } from './docker-engine.ts';
import { runProgram } from './run-program.ts';

export const testTag = 'test';
/** Its own containers, networks and volumes: a platform that somebody runs beside it stays as it is. */
const projectName = 'fleetstream-test';
const upTimeoutMs = 300_000;
const otherTimeoutMs = 120_000;

export interface ExitedService {
  readonly service: string;
  readonly exitCode: number;
}

/** `docker-compose.yml`, started under a name and with secrets of its own. */
export interface ComposeProject {
  readonly variables: Readonly<Record<string, string>>;
  up(): Promise<void>;
  copyOut(service: string, path: string, to: string): Promise<void>;
  /** Every container of the project after its end. */
  stop(): Promise<readonly ExitedService[]>;
  /** Removes everything, volumes included. */
  down(): Promise<void>;
}

/** Nothing is started yet. */
export function createComposeProject(options: {
  readonly engine: DockerEngine;
  readonly root: string;
  /** For the file of secrets. */
  readonly directory: string;
  readonly ports: { readonly gateway: number; readonly prometheus: number };
}): ComposeProject {
  const { engine, root, directory, ports } = options;
  const settings = [
    `FLEETSTREAM_VERSION=${testTag}`,
    `FLEETSTREAM_GATEWAY_PORT=${ports.gateway}`,
    `FLEETSTREAM_PROMETHEUS_PORT=${ports.prometheus}`,
  ];
  const { text } = fillEnvironment(`${settings.join('\n')}\n`, composeVariables);
  const envFile = join(directory, 'compose.env');
  writeFileSync(envFile, text, { mode: 0o600 });
  const where = ['--project-name', projectName, '--env-file', envFile, '--profile', 'demo'];
  const compose = async (timeoutMs: number, ...args: string[]) =>
    await runProgram('docker', ['compose', ...where, ...args], {
      timeoutMs,
      directory: root,
      environment: engine.environment,
    });
  return {
    variables: parseEnv(text) as Record<string, string>,
    up: async () => {
      const run = await compose(upTimeoutMs, 'up', '--detach', '--no-build', '--wait', '--wait-timeout', '180');
      if (run.ok) return;
      const logs = await compose(otherTimeoutMs, 'logs', '--no-color', '--tail', '20');
      throw new Error(`It does not come up:\n${run.said.slice(-1500)}\n${logs.said.slice(-6000)}`);
    },
    copyOut: async (service, path, to) => {
      const run = await compose(otherTimeoutMs, 'cp', `${service}:${path}`, to);
      if (!run.ok) throw new Error(run.said);
    },
    stop: async () => {
      const run = await compose(otherTimeoutMs, 'stop', '--timeout', '40');
      if (!run.ok) throw new Error(run.said);
      const list = await compose(otherTimeoutMs, 'ps', '--all', '--format', '{{.Service}} {{.ExitCode}}');
      return list.stdout
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
        .map(([service = '', code]) => ({ service, exitCode: Number(code) }));
    },
    down: async () => {
      await compose(otherTimeoutMs, 'down', '--volumes', '--timeout', '10');
    },
  };
}
