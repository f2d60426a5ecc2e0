import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { findProgram } from './programs.mjs';
import { readOutput, runCommand } from './run-command.mjs';

/** Older ones can't fetch the newer toolchain that a tool's go.mod asks for. */
const goMinorMin = 21;

/** Programs that are only published as Go source; each is pinned, built once and kept. */
const goTools = {
  k6: { module: 'go.k6.io/k6', version: 'v1.8.1', size: 'about 2 CPU minutes' },
  kubeconform: {
    module: 'github.com/yannh/kubeconform/cmd/kubeconform',
    version: 'v0.8.0',
    size: 'about half a CPU minute',
  },
  // The loader inside Docker Compose, which needs no Docker.
  'compose-go': {
    module: 'github.com/compose-spec/compose-go/v2/cmd',
    version: 'v2.16.2',
    size: 'a few CPU seconds',
    binary: 'cmd',
  },
  // The S3 server of the tests: small, strict, and quick to start.
  versitygw: {
    module: 'github.com/versity/versitygw/cmd/versitygw',
    version: 'v1.8.0',
    size: 'about 2 CPU minutes',
  },
  // Archived upstream, so nothing newer will come; what users run all the same.
  minio: {
    module: 'github.com/minio/minio',
    version: 'v0.0.0-20260212201848-7aac2a2c5b7c',
    size: 'about 10 CPU minutes',
  },
  // Plugins of Docker's client, which work on their own as well: buildx reads docker-bake.hcl without an engine.
  buildx: {
    module: 'github.com/docker/buildx',
    version: 'v0.30.1',
    size: 'about 2 CPU minutes',
    inside: './cmd/buildx',
  },
  // For "npm run test:images", where there is no Compose.
  compose: {
    module: 'github.com/docker/compose/v2',
    version: 'v2.40.3',
    size: 'about 2 CPU minutes',
    inside: './cmd',
    flags: '-X github.com/docker/compose/v2/internal.Version=v2.40.3',
  },
  kustomize: { module: 'sigs.k8s.io/kustomize/kustomize/v5', version: 'v5.8.1', size: 'about half a CPU minute' },
};

/** Where a tool lies once it is built; another version has another folder, so checkouts of different age share a cache. */
export function goToolFile(cacheDir, name) {
  return join(cacheDir, 'tools', `${name}-${goTools[name].version}`, name);
}

/** Builds one of the tools. A file under its final name is always whole. */
export function goToolStep({ places, logsDir }, name) {
  const { module, version, size, binary = name, inside, flags = '' } = goTools[name];
  const file = goToolFile(places.cacheDir, name);
  return {
    name: `${name} ${version} (built from source, ${size})`,
    isDone: async () => existsSync(file),
    run: async () => {
      await assertGo();
      const part = `${dirname(file)}.part`;
      rmSync(part, { recursive: true, force: true });
      mkdirSync(part, { recursive: true });
      // Without cgo the program needs no C compiler and runs on any Linux of its architecture.
      const environment = { ...process.env, GOBIN: part, GOFLAGS: '-buildvcs=false', CGO_ENABLED: '0' };
      const options = { logFile: join(logsDir, `go-install-${name}.log`), environment };
      const build = ['-p', '1', '-trimpath', `-ldflags=-s -w ${flags}`.trim()];
      if (inside === undefined) await runCommand('nice', ['go', 'install', ...build, `${module}@${version}`], options);
      else {
        // A module with "exclude" or "replace" lines can only be built as the main one.
        const directory = await copyModule(`${module}@${version}`, join(part, 'source'));
        await runCommand('nice', ['go', 'build', ...build, '-o', join(part, binary), inside], {
          ...options,
          directory,
        });
      }
      mkdirSync(dirname(file), { recursive: true });
      renameSync(join(part, binary), file);
      rmSync(part, { recursive: true, force: true });
    },
    remedy: goRemedy,
  };
}

/** Go's own copy of a module can't be written to, and a build may want to. */
async function copyModule(module, directory) {
  const answer = await readOutput('go', ['mod', 'download', '-json', module]);
  if (answer === '') throw new Error(`Go could not download ${module}`);
  cpSync(JSON.parse(answer).Dir, directory, { recursive: true });
  await runCommand('chmod', ['-R', 'u+w', directory], { logFile: join(directory, '..', 'chmod.log') });
  return directory;
}

/** What to do when Go is missing or can't reach its modules. */
export const goRemedy =
  `install Go 1.${goMinorMin} or later (https://go.dev/doc/install, "brew install go"), have "go" in PATH, ` +
  'and let it reach a module proxy ("go env GOPROXY")';

/** @throws Error when there is no Go, or one too old to fetch the toolchain that it needs. */
export async function assertGo() {
  if (findProgram('go') === undefined) throw new Error('"go" is not in PATH');
  const text = await readOutput('go', ['env', 'GOVERSION']);
  const version = /^go1\.(\d+)/.exec(text.trim());
  if (version === null || Number(version[1]) < goMinorMin) throw new Error(`"go" is too old: ${text.trim()}`);
}
