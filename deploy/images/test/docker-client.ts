import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { type GoTool, goToolFile } from '../../local/setup/go-tools.mjs';
import { toolPlaces } from '../../local/setup/places.mjs';
import { type DockerEngine } from './docker-engine.ts';
import { runProgram } from './run-program.ts';

const setupTimeoutMs = 1_800_000;

/** Runs `npm run setup` for a purpose. @throws Error with what it said */
export async function setUp(root: string, purpose: string): Promise<void> {
  const args = ['deploy/local/setup.mjs', '--for', purpose];
  const run = await runProgram(process.execPath, args, { timeoutMs: setupTimeoutMs, directory: root });
  if (!run.ok) throw new Error(run.said.slice(-2000));
}

/** The same engine with a client that has buildx and Compose: the machine's own, else ones that are built from source. */
export async function withPlugins(engine: DockerEngine, root: string, directory: string): Promise<DockerEngine> {
  const plugins: readonly GoTool[] = ['buildx', 'compose'];
  const answers = plugins.map(async (name) => {
    const run = await runProgram('docker', [name, 'version'], { timeoutMs: 20_000, environment: engine.environment });
    return run.ok;
  });
  if ((await Promise.all(answers)).every(Boolean)) return engine;
  await setUp(root, 'image-tools');
  const config = join(directory, 'docker-client');
  mkdirSync(join(config, 'cli-plugins'), { recursive: true });
  const { cacheDir } = toolPlaces(process.env);
  for (const name of plugins) {
    symlinkSync(goToolFile(cacheDir, name), join(config, 'cli-plugins', `docker-${name}`));
  }
  return { ...engine, environment: { ...engine.environment, DOCKER_CONFIG: config } };
}
