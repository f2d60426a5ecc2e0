import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { robotStateSchema } from '../events/robot-state.ts';
import { parseRobotEvent, type ParsedRobotEvent } from '../parse-robot-event.ts';

/** Recordings of real robots are not part of the project; where they lie beside it, the mapper must read them all. */
const folder = fileURLToPath(new URL('../../../../../shared/data/orbis-agv-sessions/', import.meta.url));
const present = existsSync(folder);
if (!present) console.warn(`skipped: no recordings of real robots in ${folder}`);
const session = 'production-wr-agv2-b-agv1-clean_20260513_135600.log';

interface Line {
  readonly topic: string;
  readonly payload: string;
}

function readStates(file: string): { readonly robotId: string; readonly parsed: ParsedRobotEvent }[] {
  const lines = readFileSync(`${folder}${file}`, 'utf8').split('\n').slice(1);
  return lines
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)
    .filter(({ topic }) => /^(?:fts|module)\/.*\/(?:state|connection)$/.test(topic))
    .map(({ topic, payload }) => {
      const robotId = topic.split('/').at(-2) ?? '';
      const type = topic.endsWith('state') ? 'vda5050.state.v2' : 'vda5050.connection.v2';
      const raw = { type, data: JSON.parse(payload) as unknown };
      return { robotId, parsed: parseRobotEvent(raw, { robotId, fallbackId: 'f' }) };
    });
}

describe.skipIf(!present)('recordings of real robots', () => {
  it('every state and connection of every session maps to a valid robot.state.v1', () => {
    const all = readdirSync(folder)
      .filter((file) => file.endsWith('.log'))
      .flatMap(readStates);
    expect(all.length).toBeGreaterThan(900);
    for (const { parsed } of all) {
      if (parsed.kind !== 'event') expect.unreachable(parsed.detail);
      expect(parsed.event.type).toBe('robot.state.v1');
      expect(robotStateSchema.safeParse(parsed.event.data).success).toBe(true);
    }
  });

  it('the session of two AGVs holds 144 and 124 states, two of them with a COLLISION warning', () => {
    const states = readStates(session).filter(({ robotId }) => robotId === '5iO4' || robotId === 'leJ4');
    const ofRobot = (wanted: string) => states.filter(({ robotId }) => robotId === wanted).length;
    expect([ofRobot('5iO4'), ofRobot('leJ4')]).toEqual([144, 124]);
    const collisions = states.filter(
      ({ parsed }) =>
        parsed.kind === 'event' &&
        parsed.event.type === 'robot.state.v1' &&
        parsed.event.data.errors?.some(({ type, level }) => type === 'COLLISION' && level === 'WARNING') === true,
    );
    expect(collisions).toHaveLength(2);
  });
});
