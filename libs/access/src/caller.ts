import { type Role } from './roles.ts';

/** The part of the robots that somebody may see and command. A list that is left out limits nothing. */
export interface Scopes {
  readonly fleets?: readonly string[];
  readonly sites?: readonly string[];
}

/** Who speaks, as what, and for which robots. */
export interface Caller {
  readonly subject: string;
  readonly role: Role;
  readonly scopes: Scopes;
  /** When the token ends, in milliseconds since the epoch: what lasts longer than a request ends with it. */
  readonly expiresAtMs?: number;
}

/** Where a robot belongs, as far as is known. */
export interface Place {
  readonly fleet?: string | undefined;
  readonly site?: string | undefined;
}

/** Whether the caller may reach every robot, those included of which nobody knows where they belong. */
export function isUnlimited({ scopes }: Pick<Caller, 'scopes'>): boolean {
  return scopes.fleets === undefined && scopes.sites === undefined;
}

/**
 * Whether the caller may know of a robot that belongs there. Both lists count: its fleet must be in the one and its site
 * in the other. A robot of which the place is not known is out of reach of every list.
 */
export function mayReach({ scopes }: Pick<Caller, 'scopes'>, place: Place | undefined): boolean {
  return isIn(scopes.fleets, place?.fleet) && isIn(scopes.sites, place?.site);
}

function isIn(list: readonly string[] | undefined, name: string | undefined): boolean {
  return list === undefined || (name !== undefined && list.includes(name));
}
