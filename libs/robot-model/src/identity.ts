import { type RobotEnrolledData } from '@fleetstream/contracts';
import { keepIfSame } from './same-json.ts';

/** What the platform says of the robot. */
export interface Identity {
  readonly name: string | undefined;
  readonly fleet: string | undefined;
  readonly site: string | undefined;
  readonly model: string | undefined;
  readonly keyVersion: number | undefined;
  readonly retired: boolean;
  readonly retiredReason: string | undefined;
}

export const unknownIdentity: Identity = {
  name: undefined,
  fleet: undefined,
  site: undefined,
  model: undefined,
  keyVersion: undefined,
  retired: false,
  retiredReason: undefined,
};

/** Enrolment adds to what is known and puts a retired robot back into service. */
export function enrol(before: Identity, said: RobotEnrolledData): Identity {
  return keepIfSame(before, {
    name: said.name ?? before.name,
    fleet: said.fleet ?? before.fleet,
    site: said.site ?? before.site,
    model: said.model ?? before.model,
    keyVersion: said.keyVersion ?? before.keyVersion,
    retired: false,
    retiredReason: undefined,
  });
}

export function retire(before: Identity, reason: string | undefined): Identity {
  return keepIfSame(before, { ...before, retired: true, retiredReason: reason });
}
