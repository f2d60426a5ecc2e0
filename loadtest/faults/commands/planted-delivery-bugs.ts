import { type DeliveryDesk } from '../../../services/commands/src/domain/delivery-desk.ts';

/**
 * - `ignore-grant`: hands over what it has claimed without waiting for the log
 * - `reoffer`: the same, and takes every command for one that may be done twice
 */
const plantedDeliveryBugs = ['ignore-grant', 'reoffer'] as const;

/** The desk with a bug in it, to see that the checks catch it; without a name the desk as it is. */
export function plantBug(bug: string | undefined, desk: DeliveryDesk, instance: string): DeliveryDesk {
  if (bug === undefined || bug === '') return desk;
  if (!plantedDeliveryBugs.some((known) => known === bug)) throw new RangeError(`No bug is called ${bug}`);
  const note = desk.note.bind(desk);
  const claim = desk.claim.bind(desk);
  if (bug === 'reoffer') {
    desk.note = (command, data, moment) => {
      Object.assign(command, { idempotent: true });
      return note(command, data, moment);
    };
  }
  desk.claim = (robotId, moment) => {
    const claimed = claim(robotId, moment);
    for (const { command, attempt } of claimed) {
      note({ ...command, status: 'SENT', attempt }, { instance }, moment);
    }
    return claimed;
  };
  return desk;
}
