import { type DeliveryDesk, isAsked } from '../../../services/commands/src/domain/delivery-desk.ts';

type Plant = (desk: DeliveryDesk, instance: string) => void;

/** Each breaks one promise of the desk. */
const plants = {
  /** Hands over what it has claimed without waiting for the log. */
  'ignore-grant': ignoreGrant,
  /** The same, and takes every command for one that may be done twice. */
  reoffer: (desk, instance) => {
    const note = desk.note.bind(desk);
    ignoreGrant(desk, instance);
    desk.note = (command, data, moment) => {
      Object.assign(command, { idempotent: true });
      return note(command, data, moment);
    };
  },
  /** Gives a command whose answer was lost to its robot again, instead of asking what came of it. */
  'blind-retry': (desk) => {
    const take = desk.take.bind(desk);
    desk.take = (robotId, moment) =>
      take(robotId, moment).map((handover) => {
        const { command, attempt } = handover;
        if (!isAsked(command)) return handover;
        return { ...handover, attempt: attempt + 1, command: { ...command, status: 'SENT' } };
      });
  },
} as const satisfies Readonly<Record<string, Plant>>;

type PlantedDeliveryBug = keyof typeof plants;

export const plantedDeliveryBugs = Object.keys(plants) as readonly PlantedDeliveryBug[];

/** The desk with a bug in it, to see that the checks catch it; without a name the desk as it is. */
export function plantBug(bug: string | undefined, desk: DeliveryDesk, instance: string): DeliveryDesk {
  if (bug === undefined || bug === '') return desk;
  const known = plantedDeliveryBugs.find((name) => name === bug);
  if (known === undefined) throw new RangeError(`No bug is called ${bug}`);
  plants[known](desk, instance);
  return desk;
}

function ignoreGrant(desk: DeliveryDesk, instance: string): void {
  const note = desk.note.bind(desk);
  const claim = desk.claim.bind(desk);
  desk.claim = (robotId, moment) => {
    const claimed = claim(robotId, moment);
    for (const { command, attempt } of claimed) {
      note({ ...command, status: 'SENT', attempt }, { instance }, moment);
    }
    return claimed;
  };
}
