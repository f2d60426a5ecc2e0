import { fileURLToPath } from 'node:url';
import { runLoadCommand } from './run-load-command.ts';

process.exitCode = await runLoadCommand(process.argv.slice(2), {
  root: fileURLToPath(new URL('../..', import.meta.url)),
  nodeFile: process.execPath,
  environment: process.env,
  stdout: (line) => process.stdout.write(`${line}\n`),
  stderr: (line) => process.stderr.write(`${line}\n`),
});
