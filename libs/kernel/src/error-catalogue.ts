import { type ErrorSpec } from './error-spec.ts';
import { requestErrors } from './request-errors.ts';

/**
 * Every error code of the product, once. The HTTP status of a problem document, the disposition of an event, the
 * label of a metric and `docs/errors.md` all read this table.
 */
export const errorCatalogue = {
  ...requestErrors,
  // Single events
  FS_EVENT_MALFORMED: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'The event does not fit its schema',
    hint: 'The detail names the field; compare with docs/events.md.',
  },
  FS_STATE_SUPERSEDED: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'Under load, a newer snapshot of the same request stands for this one',
    hint: 'Nothing is to be done: the newer snapshot says all that this one said. Do not send it again.',
  },
  FS_EVENT_TYPE_UNKNOWN: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'No such event type may be sent by a robot',
    hint: 'The types are listed in docs/events.md; a new version of a type has a new name.',
  },
  FS_EVENT_TOO_LARGE: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'One event is larger than allowed',
    hint: 'Put large payloads into an object store and send a link; WEBHOOK_MAX_EVENT_BYTES is the limit.',
  },
  // Records in the log
  FS_RECORD_UNDECODABLE: {
    httpStatus: 500,
    disposition: 'deadLetter',
    title: 'A record of the log is not a canonical event',
    hint: 'Look at the record in fleet.dlq; something other than the platform writes to fleet.events.',
  },
  FS_FOLD_FAILED: {
    httpStatus: 500,
    disposition: 'deadLetter',
    title: 'The robot model threw on a record',
    hint: 'A defect of the model: keep the dead letter, mend, and redrive.',
  },
  FS_MODEL_FAILED: {
    httpStatus: 500,
    disposition: 'deadLetter',
    title: 'An anomaly model threw on a record',
    hint: 'A defect of the model: keep the dead letter and mend; the record itself is in fleet.events as it was.',
  },
  FS_MODEL_UNAVAILABLE: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'An anomaly model did not answer',
    hint: 'Its partitions wait and the lag grows; nothing is skipped. Look at the breaker and the log.',
  },
  // Processor and state
  FS_TASK_FENCED: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'Another instance owns this partition now',
    hint: 'Nothing to do: the new owner goes on from the committed offset.',
  },
  FS_COMMIT_OUTCOME_UNKNOWN: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'It is not known whether a transaction was committed',
    hint: 'The task reopens and asks the broker for the committed offset.',
  },
  FS_LOG_TRUNCATED: {
    httpStatus: 503,
    disposition: 'fatal',
    title: 'The log no longer reaches back to the newest usable state',
    hint: 'Restore an older retention of fleet.events or a newer checkpoint; PROCESSOR_ALLOW_STATE_LOSS starts anew.',
  },
  FS_LOG_CORRUPT: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'A fetched record batch has a wrong checksum, or a compression that is not known here',
    hint: 'Compare the replicas of the partition with kafka-dump-log; a healthy follower can be made its leader.',
  },
  FS_CHECKPOINT_DAMAGED: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'A checkpoint is missing an object or an object has other bytes than its hash says',
    hint: 'The one before it is used; look at the object store.',
  },
  FS_CHECKPOINT_STORE_UNAVAILABLE: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'The checkpoint store did not answer',
    hint: 'Processing goes on; recovery would start from an older checkpoint until the store is back.',
  },
  FS_STATE_TOO_NEW: {
    httpStatus: 503,
    disposition: 'fatal',
    title: 'The stored state was written by a newer version',
    hint: 'Start the newer version, or remove the local state and restore an older checkpoint.',
  },
  FS_STATE_UNAVAILABLE: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'The local state could not be read or written',
    hint: 'Look at the disk of the state folder: full, failing, or held by another process.',
  },
  FS_STATE_DAMAGED: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'The local state is missing files or holds other bytes than it should',
    hint: 'Remove the folder of the partition; it is restored from the newest checkpoint and refolded.',
  },
  FS_CONFIG_INVALID: {
    httpStatus: 500,
    disposition: 'fatal',
    title: 'The configuration is not valid',
    hint: 'Every problem is listed; docs/config.md describes each key.',
  },
  FS_PLATFORM_UNAVAILABLE: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'The Robot Platform did not answer, and no earlier list of its robots is known',
    hint: 'Look at COMMANDS_PLATFORM_URL and at the platform; commands go on without it, by pull.',
  },
  FS_ACCESS_KEYS_UNAVAILABLE: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'The keys by which bearer tokens are checked could not be fetched',
    hint: 'Look at COMMANDS_JWKS_URL and at the identity provider.',
  },
  FS_SCHEMA_REGISTRY_UNAVAILABLE: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'The schema registry did not answer, or none is set and the log holds Avro',
    hint: 'Look at SCHEMA_REGISTRY_URL and at the registry; schemas seen before go on working without it.',
  },
  FS_SCHEMA_INCOMPATIBLE: {
    httpStatus: 503,
    disposition: 'fatal',
    title: "The registry's schema of the subject and this version's do not read each other's events",
    hint: 'The message names the difference; run the version that fits, or give the other schema another subject.',
  },
  FS_CACHE_UNAVAILABLE: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'Redis did not answer',
    hint: 'Events are still accepted; duplicates are found by the processor instead.',
  },
} as const satisfies Record<`FS_${string}`, ErrorSpec>;

export type ErrorCode = keyof typeof errorCatalogue;
