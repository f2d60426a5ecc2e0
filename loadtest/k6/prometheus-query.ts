import { AppError } from '@fleetstream/kernel';

export interface QueryResult {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * An instant query.
 *
 * @throws AppError FS_INTERNAL with Prometheus' own words when it refuses it
 */
export async function queryPrometheus(baseUrl: string, expression: string): Promise<readonly QueryResult[]> {
  const url = new URL('/api/v1/query', baseUrl);
  url.searchParams.set('query', expression);
  const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
  const answer = (await response.json()) as {
    readonly status: string;
    readonly error?: string;
    readonly data?: { readonly result: readonly { metric: Record<string, string>; value: [number, string] }[] };
  };
  if (answer.data === undefined) throw new AppError('FS_INTERNAL', `Prometheus: ${answer.error ?? answer.status}`);
  return answer.data.result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
}
