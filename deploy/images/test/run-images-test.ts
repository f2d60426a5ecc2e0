import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findFreePort } from '@fleetstream/local';
import { parse } from 'yaml';
import { checkImages } from './check-images.ts';
import { checkPlatform, checkTargets } from './check-platform.ts';
import { type ComposeProject, createComposeProject, testTag } from './compose-project.ts';
import { setUp, withPlugins } from './docker-client.ts';
import { type DockerEngine } from './docker-engine.ts';
import { createGatewayClient } from './gateway-client.ts';
import { runProgram } from './run-program.ts';
import { buildStandIns } from './stand-ins.ts';

export interface ImagesTest {
  readonly engine: DockerEngine;
  readonly root: string;
  /** For what the test writes; its owner removes it. */
  readonly directory: string;
  readonly platform: string;
  readonly say: (line: string) => void;
}

const pullTimeoutMs = 120_000;
const buildTimeoutMs = 900_000;

/** Resolves to why it can't be run here, or to nothing. @throws Error when something is wrong */
export async function runImagesTest(test: ImagesTest): Promise<string | undefined> {
  const { root, directory, say } = test;
  const engine = await withPlugins(test.engine, root, directory);
  const publicImages = readPublicImages(root);
  const base = publicImages.find((image) => image.startsWith('node:')) ?? '';
  const pull = ['pull', '--quiet', base];
  const pulled = await runProgram('docker', pull, { timeoutMs: pullTimeoutMs, environment: engine.environment });
  if (!pulled.ok) {
    if (!engine.own) return `${base} can't be pulled: ${pulled.said.split('\n').at(-1) ?? ''}`;
    say('no image can be pulled here: building stand-ins from packages');
    await setUp(root, 'image-stand-ins');
    await buildStandIns(engine, publicImages, join(directory, 'stand-ins'), say);
  }
  const environment = { ...engine.environment, TAG: testTag, PLATFORMS: `linux/${test.platform}` };
  const bake = ['buildx', 'bake', '--file', 'docker-bake.hcl', '--load', '--progress', 'plain'];
  const built = await runProgram('docker', bake, { timeoutMs: buildTimeoutMs, directory: root, environment });
  if (!built.ok) throw new Error(`The images can't be built:\n${built.said.slice(-4000)}`);
  say('every image is built');
  await reportImages(engine, say);
  await testProject({ ...test, engine });
  return undefined;
}

/** The images that docker-compose.yml and the Dockerfile take from others. */
function readPublicImages(root: string): readonly string[] {
  const compose = parse(readFileSync(join(root, 'docker-compose.yml'), 'utf8'), { merge: true }) as {
    services: Record<string, { image?: string; profiles?: string[] }>;
  };
  const named = Object.values(compose.services)
    .filter(({ profiles = [] }) => !profiles.includes('schemas'))
    .map(({ image = '' }) => image);
  const dockerfile = readFileSync(join(root, 'deploy/images/Dockerfile'), 'utf8');
  const defaults = [...dockerfile.matchAll(/^ARG (?:BASE|ENVOY)=(\S+)$/gm)].map(([, image]) => image ?? '');
  return [...defaults, ...named.filter((image) => !image.startsWith('fleetstream/'))];
}

async function reportImages(engine: DockerEngine, say: (line: string) => void): Promise<void> {
  const services = ['webhook', 'processor', 'insights', 'commands', 'gateway', 'platform'];
  const found = await checkImages(
    engine,
    services.map((name) => `fleetstream/${name}:${testTag}`),
  );
  for (const { line } of found) say(line);
  const problems = found.flatMap(({ problem }) => (problem === undefined ? [] : [problem]));
  if (problems.length > 0) throw new Error(problems.join('; '));
}

async function testProject({ engine, root, directory, say }: ImagesTest): Promise<void> {
  const ports = { gateway: await findFreePort(), prometheus: await findFreePort() };
  const project = createComposeProject({ engine, root, directory, ports });
  // Of a run that was killed.
  await project.down();
  try {
    await project.up();
    say('docker-compose.yml is up, every container healthy');
    const caFile = join(directory, 'ca.crt');
    await project.copyOut('gateway', '/etc/fleetstream/tls/ca.crt', caFile);
    const { variables } = project;
    await checkPlatform(
      createGatewayClient(ports.gateway, readFileSync(caFile, 'utf8')),
      {
        masterKey: variables['WEBHOOK_MASTER_KEY'] ?? '',
        apiToken: variables['PROCESSOR_API_TOKEN'] ?? '',
        jwtSecret: variables['COMMANDS_JWT_SECRET'] ?? '',
      },
      say,
    );
    await checkTargets(ports.prometheus);
    say('Prometheus scrapes all of them');
    await stopProject(project);
    say('each of them stopped by itself when told to, exit code 0');
  } finally {
    await project.down();
  }
}

/** Process 1 of a container gets no signal that it doesn't handle: who handles none is killed, exit code 137. */
async function stopProject(project: ComposeProject): Promise<void> {
  const ours = ['webhook', 'processor', 'insights', 'commands', 'platform', 'gateway'];
  const exited = (await project.stop()).filter(({ service }) => ours.includes(service));
  const dirty = exited.filter(({ exitCode }) => exitCode !== 0);
  if (exited.length < ours.length)
    throw new Error(`Only ${exited.length} containers of ours are there after the stop.`);
  if (dirty.length > 0) {
    throw new Error(`Not stopped cleanly: ${dirty.map((one) => `${one.service} (${one.exitCode})`).join(', ')}`);
  }
}
