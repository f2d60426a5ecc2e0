/** The key of tick records. A tick goes to an explicit partition, so the key only says what the record is. */
export const tickKey = 'fleet.tick';

/** The `source` of tick records. */
const tickSource = '/fleet/ticks';

/** A tick as it is appended to `fleet.events`; `id` is the writer's own and unique. */
export function toTickEvent(partition: number, id: string): string {
  return JSON.stringify({
    specversion: '1.0',
    id,
    source: tickSource,
    type: 'fleet.tick.v1',
    data: { partition },
  });
}
