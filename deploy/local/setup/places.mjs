import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const envoyVersion = '1.40.0';

/** Where the parts of a local run lie. Outside the repository, so that checkouts share them and `git clean` spares them. */
export function toolPlaces(environment) {
  const home = environment.XDG_CACHE_HOME || join(environment.HOME || '.', '.cache');
  const cacheDir = join(home, 'fleetstream');
  const pomFile = fileURLToPath(new URL('../kafka/pom.xml', import.meta.url));
  const pomHash = createHash('sha256').update(readFileSync(pomFile)).digest('hex').slice(0, 12);
  const kafkaDir = join(cacheDir, `kafka-${pomHash}`);
  return {
    cacheDir,
    pomFile,
    logConfigFile: fileURLToPath(new URL('../kafka/log4j2.xml', import.meta.url)),
    kafkaJarsDir: join(kafkaDir, 'jars'),
    // Class data of one Java build and one set of jars; the JVM ignores a file that fits neither.
    kafkaClassArchive: join(kafkaDir, 'classes.jsa'),
    // An empty, formatted data directory: copying it saves a new broker one start of the JVM.
    kafkaFormattedDir: join(kafkaDir, 'formatted'),
    // What Node compiled; it halves the start of each process.
    nodeCompileCacheDir: join(cacheDir, 'node-compile-cache'),
    // Touched by set-up when it has installed something.
    installedFile: join(cacheDir, 'installed'),
    envoyFile: join(cacheDir, `envoy-${envoyVersion}`, 'envoy'),
  };
}
