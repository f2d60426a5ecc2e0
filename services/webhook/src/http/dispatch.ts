import { type RequestListener } from 'node:http';
import { type EventsHandler } from './post-events.ts';

/** Events go ahead of Express: its router costs several times what a bare handler does. */
export function createDispatch(events: EventsHandler, rest: RequestListener): RequestListener {
  return (request, response) => {
    if (!events.offer(request, response)) rest(request, response);
  };
}
