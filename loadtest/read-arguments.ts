import { parseArgs, type ParseArgsConfig } from 'node:util';
import { toMessage } from '@fleetstream/kernel';

type Flags = NonNullable<ParseArgsConfig['options']>;

type Arguments<Known extends Flags> = ReturnType<
  typeof parseArgs<{ args: string[]; options: Known; allowPositionals: true }>
>;

/** A command line by its flags, and the words that are none; a sentence when it can't be read. */
export function readArguments<Known extends Flags>(argv: readonly string[], flags: Known): Arguments<Known> | string {
  try {
    return parseArgs({ args: [...argv], options: flags, allowPositionals: true });
  } catch (thrown) {
    return toMessage(thrown);
  }
}
