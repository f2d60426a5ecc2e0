import { Ajv2020, type SchemaObject } from 'ajv/dist/2020.js';
import { z } from 'zod';
import { envelopeSchema } from './event-envelope.ts';
import { type EventChecks } from './event-checks.ts';
import { robotEventSchemas } from './events/index.ts';

/**
 * Compiles what zod's schemas of robots' events say into functions that only say yes or no: a fortieth of zod's time on
 * a full state, for nothing is copied and nothing explained. Takes about 100 ms, so it is done once, at a start.
 *
 * Never accepts what zod refuses. It refuses what zod accepts only in an event without `data` and in data with a
 * `__proto__` key, both of which `parseRobotEvent` refuses anyway.
 */
export function compileEventChecks(): EventChecks {
  const ajv = new Ajv2020();
  const compile = (schema: z.ZodType) => {
    const validate = ajv.compile(z.toJSONSchema(schema, { io: 'input' }) as SchemaObject);
    return (value: unknown) => validate(value);
  };
  return {
    envelope: compile(envelopeSchema),
    data: {
      'robot.state.v1': compile(robotEventSchemas['robot.state.v1']),
      'robot.telemetry.v1': compile(robotEventSchemas['robot.telemetry.v1']),
      'robot.alert.v1': compile(robotEventSchemas['robot.alert.v1']),
      'robot.task.v1': compile(robotEventSchemas['robot.task.v1']),
      'robot.command-ack.v1': compile(robotEventSchemas['robot.command-ack.v1']),
    },
  };
}
