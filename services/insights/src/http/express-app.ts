import express, { type Express } from 'express';
import { type Metrics } from '@fleetstream/telemetry';

export interface Readiness {
  readonly ready: boolean;
  /** Partitions of this instance that are still opened or rewound. */
  readonly opening: readonly number[];
  readonly joined: boolean;
}

/** Health and metrics: nobody asks this service anything else; its verdicts are in `fleet.insights`. */
export function createExpressApp(readiness: () => Readiness, metrics: Metrics): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.get('/healthz', (_request, response) => {
    response.json({ status: 'ok' });
  });
  app.get('/readyz', (_request, response) => {
    const answer = readiness();
    response.status(answer.ready ? 200 : 503).json(answer);
  });
  app.get('/metrics', async (_request, response) => {
    const { contentType, body } = await metrics.expose();
    response.type(contentType).send(body);
  });
  return app;
}
