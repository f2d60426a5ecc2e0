import { type ApiRoute } from './api-route.ts';

/** Commands to many robots at once. */
export function createRolloutRoutes(): readonly ApiRoute[] {
  return [];
}
