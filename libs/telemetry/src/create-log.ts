import { type Log } from '@fleetstream/kernel';
import { pino } from 'pino';

export interface LogOptions {
  readonly service: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Where lines go; standard output when left out. */
  readonly destination?: NodeJS.WritableStream;
}

/** JSON lines: `time`, `level`, `service`, the fields given, `msg`. An `err` field is written with its cause chain. */
export function createLog(options: LogOptions): Log {
  const settings = {
    level: options.level,
    base: { service: options.service },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: {
      paths: ['secret', '*.secret', 'token', '*.token', 'authorization', '*.authorization'],
      censor: '(secret)',
    },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}
