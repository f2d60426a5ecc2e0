import { type Caller, type Role } from '@fleetstream/access';
import { type ErrorCode } from '@fleetstream/kernel';
import { type Request, type Response } from 'express';
import { type z } from 'zod';
import { type Refusal } from '../domain/refusal.ts';

/** What came of a request: it was answered, or it is refused and the router sends the problem document. */
export type Handled = Refusal | undefined;

export interface ApiAnswer {
  readonly description: string;
  /** Of the JSON body; none for a body that is something else. */
  readonly schema?: z.ZodType;
  readonly contentType?: string;
}

/** What the OpenAPI document and the tests of access know of a route. */
export interface ApiRouteInfo {
  readonly method: 'get' | 'post' | 'put' | 'delete';
  /** As in OpenAPI: `/v1/robots/{robotId}/commands`. */
  readonly path: string;
  readonly operationId: string;
  readonly summary: string;
  /** Of the body; a route without one reads none. */
  readonly body?: z.ZodType;
  /** Bytes that the body may have; `bodyBytesMax` unless told. */
  readonly bodyBytesMax?: number;
  /** The body may be left out. */
  readonly bodyOptional?: boolean;
  readonly query?: z.ZodObject;
  /** Names in small letters. */
  readonly headers?: z.ZodObject;
  readonly answers: Readonly<Record<number, ApiAnswer>>;
  /** Beside those that any route may answer with. */
  readonly refusals: readonly ErrorCode[];
  /** Not held back by the rate limit: a stop is never asked to come again later. */
  readonly urgent?: boolean;
}

/** A route of the API. Whoever calls it has the role at least; a `robot` signs the request, which the route checks. */
export type ApiRoute = ApiRouteInfo &
  (
    | {
        readonly access: Role;
        readonly handle: (request: Request, response: Response, caller: Caller) => Handled | Promise<Handled>;
      }
    | {
        readonly access: 'robot';
        readonly handle: (request: Request, response: Response) => Handled | Promise<Handled>;
      }
  );

/** A parameter of the path; Express gives each that is in the path a text. */
export function readParam(request: Request, name: string): string {
  const value = request.params[name];
  return typeof value === 'string' ? value : '';
}
