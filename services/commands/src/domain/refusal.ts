import { type ErrorCode } from '@fleetstream/kernel';

/** A request that ends here. `detail` goes to the sender: it names what is wrong and no value. */
export interface Refusal {
  readonly kind: 'refused';
  readonly code: ErrorCode;
  readonly detail: string;
  /** When to come again, where the time is known. */
  readonly retryAfterSeconds?: number;
}

export function refuse(code: ErrorCode, detail: string): Refusal {
  return { kind: 'refused', code, detail };
}
