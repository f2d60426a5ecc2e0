import { runCodecsBench } from './run-codecs-bench.ts';

process.exitCode = await runCodecsBench(process.argv.slice(2), {
  cpuMicros: () => {
    const { user, system } = process.cpuUsage();
    return user + system;
  },
  stdout: (line) => process.stdout.write(`${line}\n`),
  stderr: (line) => process.stderr.write(`${line}\n`),
});
