/**
 * What an error code of the product means.
 *
 * disposition: `reject` the sender must change the event; `retry` the same bytes may succeed later; `deadLetter` the
 * record is already in the log and goes to `fleet.dlq`; `fatal` the process can't go on.
 */
export interface ErrorSpec {
  readonly httpStatus: number;
  readonly disposition: 'reject' | 'retry' | 'deadLetter' | 'fatal';
  readonly title: string;
  readonly hint: string;
}
