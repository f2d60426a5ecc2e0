import { isAtLeast, type Role, type TokenVerifier } from '@fleetstream/access';
import { type Request, type RequestHandler, type Response } from 'express';
import { refuse } from '../domain/refusal.ts';
import { type SendProblem } from './send-problem.ts';

/** Who sends the request, for the handlers behind `requireRole`. */
export interface Caller {
  readonly subject: string;
  readonly role: Role;
}

export interface RoleGate {
  readonly requireRole: (needed: Role) => RequestHandler;
  readonly toCaller: (response: Response) => Caller;
}

/** Lets pass who has a token with the role or a higher one; `toCaller` then says who it is. */
export function createRoleGate(verifier: TokenVerifier, sendProblem: SendProblem): RoleGate {
  const callers = new WeakMap<Response, Caller>();
  const admit = async (request: Request, response: Response, needed: Role): Promise<boolean> => {
    const access = await verifier.verify(request.headers.authorization);
    if (access.kind === 'denied') {
      sendProblem(request, response, refuse(access.code, access.detail));
      return false;
    }
    if (!isAtLeast(access.role, needed)) {
      sendProblem(request, response, refuse('FS_FORBIDDEN', `needs the role ${needed} or a higher one`));
      return false;
    }
    callers.set(response, access);
    return true;
  };
  return {
    requireRole: (needed) => async (request, response, next) => {
      if (await admit(request, response, needed)) next();
    },
    toCaller: (response) => {
      const caller = callers.get(response);
      if (caller === undefined) throw new TypeError('this route is not behind requireRole');
      return caller;
    },
  };
}
