import { isJsonObject, type JsonObject } from '../json-object.ts';
import { type DialectDeviation } from './dialect-deviations.ts';

const numberMax = 1e15;
const textMax = 512;

/** Reads what can be read of a message and notes what can't. Null and absent are the same: not said. */
export class MessageReader {
  readonly #deviations = new Set<DialectDeviation>();

  /** Every deviation once, in the order they were met. */
  get deviations(): readonly DialectDeviation[] {
    return [...this.#deviations];
  }

  note(deviation: DialectDeviation): void {
    this.#deviations.add(deviation);
  }

  object(value: unknown): JsonObject | undefined {
    if (value === undefined || value === null || isJsonObject(value)) return value ?? undefined;
    this.note('field-of-wrong-type');
    return undefined;
  }

  /** The objects of a list, at most `max`; what is no object is noted and left out. */
  objects(value: unknown, max: number): readonly JsonObject[] | undefined {
    if (value === undefined || value === null) return undefined;
    if (!Array.isArray(value)) {
      this.note('field-of-wrong-type');
      return undefined;
    }
    const items: readonly unknown[] = value;
    const objects = items.filter(isJsonObject);
    if (objects.length < items.length) this.note('field-of-wrong-type');
    if (objects.length > max) this.note('list-cut');
    return objects.slice(0, max);
  }

  number(value: unknown): number | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value === 'number' && Math.abs(value) <= numberMax) return value;
    this.note(typeof value === 'number' ? 'number-out-of-range' : 'field-of-wrong-type');
    return undefined;
  }

  boolean(value: unknown): boolean | undefined {
    if (value === undefined || value === null || typeof value === 'boolean') return value ?? undefined;
    this.note('field-of-wrong-type');
    return undefined;
  }

  text(value: unknown): string | undefined {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== 'string') {
      this.note('field-of-wrong-type');
      return undefined;
    }
    if (value.length > textMax) this.note('text-cut');
    return value.slice(0, textMax);
  }

  /** As `text`, with the empty text as nothing. */
  filledText(value: unknown): string | undefined {
    const text = this.text(value);
    return text === '' ? undefined : text;
  }
}
