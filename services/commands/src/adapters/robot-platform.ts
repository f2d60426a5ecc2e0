import { AppError, isRobotId, type Log, toAppError } from '@fleetstream/kernel';
import CircuitBreaker from 'opossum';
import { z } from 'zod';

export interface RobotPlatformOptions {
  readonly url: string;
  readonly log: Log;
  /** For the whole list, in milliseconds. */
  readonly timeoutMs: number;
  /** How long an open breaker leaves the platform alone before it tries one call. */
  readonly resetMs: number;
}

export type PlatformRobot = z.infer<typeof robotSchema>;

export interface RobotPlatform {
  /**
   * Every robot that the Robot Platform lists, or `unchanged` when it says that its list is still the one with `etag`.
   *
   * @throws AppError FS_PLATFORM_UNAVAILABLE, at once while the breaker is open
   */
  list(etag: string | undefined): Promise<PlatformAnswer>;
  breakerState(): 'closed' | 'half-open' | 'open';
  stop(): void;
}

export type PlatformAnswer =
  | { readonly kind: 'list'; readonly robots: readonly PlatformRobot[]; readonly etag: string | undefined }
  | { readonly kind: 'unchanged' };

const textSchema = z.string().max(512).optional();

export const robotSchema = z.object({
  id: z.string().refine(isRobotId),
  name: textSchema,
  fleet: textSchema,
  site: textSchema,
  model: textSchema,
  /** Where commands are posted; a robot without one asks for them. */
  callbackUrl: z
    .url({ protocol: /^https?$/ })
    .max(2048)
    .optional(),
});

const pageSchema = z.object({ robots: z.array(z.unknown()).max(1000), nextCursor: z.string().max(512).optional() });

const pageRobots = 1000;
/** With 1,000 a page: 100,000 robots. */
const pagesMax = 100;
const pageBytesMax = 4 * 1024 * 1024;

/** The customer's Robot Platform over HTTP: `GET /robots?cursor=&limit=`, pages of `{"robots": […], "nextCursor"?}`. */
export function createRobotPlatform(options: RobotPlatformOptions): RobotPlatform {
  const { log, timeoutMs, resetMs } = options;
  const breaker = new CircuitBreaker((etag: string | undefined) => fetchList(options, etag), {
    name: 'robot-platform',
    timeout: timeoutMs,
    resetTimeout: resetMs,
    volumeThreshold: 2,
    errorThresholdPercentage: 50,
    rollingPercentilesEnabled: false,
  });
  breaker.on('open', () => {
    log.warn({}, 'the Robot Platform does not answer: the last list of robots is used until it does');
  });
  breaker.on('close', () => {
    log.info({}, 'the Robot Platform answers again');
  });
  return {
    list: async (etag) => {
      try {
        return await breaker.fire(etag);
      } catch (thrown) {
        throw toAppError(thrown, 'FS_PLATFORM_UNAVAILABLE', 'The Robot Platform did not answer with a list of robots.');
      }
    },
    breakerState: () => (breaker.opened ? 'open' : breaker.halfOpen ? 'half-open' : 'closed'),
    stop: () => {
      breaker.shutdown();
    },
  };
}

async function fetchList(
  { url, log, timeoutMs }: RobotPlatformOptions,
  etag: string | undefined,
): Promise<PlatformAnswer> {
  const signal = AbortSignal.timeout(timeoutMs);
  const robots: PlatformRobot[] = [];
  let listEtag: string | undefined;
  let cursor: string | undefined;
  let skipped = 0;
  for (let page = 0; page < pagesMax; page++) {
    const target = new URL('robots', url.endsWith('/') ? url : `${url}/`);
    target.searchParams.set('limit', String(pageRobots));
    if (cursor !== undefined) target.searchParams.set('cursor', cursor);
    const headers = { accept: 'application/json', ...(page === 0 && etag !== undefined && { 'if-none-match': etag }) };
    const answer = await fetch(target, { headers, signal, redirect: 'error' });
    if (answer.status === 304) return { kind: 'unchanged' };
    if (page === 0) listEtag = answer.headers.get('etag') ?? undefined;
    const body = pageSchema.parse(await readPage(answer));
    for (const given of body.robots) {
      const robot = robotSchema.safeParse(given);
      if (robot.success) robots.push(robot.data);
      else skipped += 1;
    }
    cursor = body.nextCursor;
    if (cursor === undefined) break;
  }
  if (cursor !== undefined) log.warn({ robots: robots.length }, 'the Robot Platform lists more robots than are read');
  if (skipped > 0) log.warn({ skipped }, 'the Robot Platform lists robots that are none: no id, or fields too long');
  return { kind: 'list', robots, etag: listEtag };
}

async function readPage(answer: Response): Promise<unknown> {
  if (!answer.ok || answer.body === null) {
    throw new AppError('FS_PLATFORM_UNAVAILABLE', `The Robot Platform answered ${answer.status}.`);
  }
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const chunk of answer.body as AsyncIterable<Uint8Array>) {
    sizeBytes += chunk.length;
    if (sizeBytes > pageBytesMax) {
      throw new AppError(
        'FS_PLATFORM_UNAVAILABLE',
        `A page of the Robot Platform has more than ${pageBytesMax} bytes.`,
      );
    }
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
