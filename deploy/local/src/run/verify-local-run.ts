import { createRobotFold, defaultRobotRules } from '@fleetstream/robot-model';
import { silentLog } from '@fleetstream/kernel';
import { readJournal } from '@fleetstream/loadtest';
import { type RunFigures, type ServedStates, verifyRun } from '@fleetstream/testing';
import { countRobotEvents } from '../figures/summarize-states.ts';
import { processorGroupId } from '../parts/service-environments.ts';

/** Holds a local run against its log. The processors must have stopped after `served` was asked for. */
export async function verifyLocalRun(options: {
  readonly brokers: string;
  readonly journalFile: string;
  readonly served: ServedStates;
}): Promise<RunFigures> {
  return await verifyRun({
    brokers: [options.brokers],
    groupId: processorGroupId,
    fold: createRobotFold(defaultRobotRules),
    countFolded: countRobotEvents,
    served: options.served,
    journal: readJournal(options.journalFile),
    log: silentLog,
  });
}
