import { AppError, toMessage } from '@fleetstream/kernel';
import { fleetHelp, parseFleetOptions } from './fleet-options.ts';
import { startFleet } from './start-fleet.ts';

const shutdown = new AbortController();
const giveUp = new AbortController();
const onSignal = () => {
  if (shutdown.signal.aborted) giveUp.abort();
  shutdown.abort();
};
process.on('SIGTERM', onSignal);
process.on('SIGINT', onSignal);

try {
  // The start's time as the run's label: a fleet that is started again makes new events, not duplicates of its last.
  const options = parseFleetOptions(process.argv.slice(2), Date.now().toString(36));
  if (options === 'help') {
    process.stdout.write(fleetHelp);
  } else {
    await startFleet(options, {
      print: (line) => process.stdout.write(`${JSON.stringify(line)}\n`),
      cpuSeconds: () => {
        const { user, system } = process.cpuUsage();
        return (user + system) / 1e6;
      },
      shutdown: shutdown.signal,
      giveUp: giveUp.signal,
    });
  }
} catch (thrown) {
  process.stderr.write(`fleet: ${toMessage(thrown)}\n`);
  process.exitCode = thrown instanceof AppError && thrown.code === 'FS_CONFIG_INVALID' ? 2 : 1;
}
