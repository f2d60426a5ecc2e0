import { jsonErrors } from './json-errors.ts';

/**
 * Every error code of the product, once. The HTTP status of a problem document, the disposition of an event, the
 * label of a metric and `docs/errors.md` all read this table.
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

export const errorCatalogue = {
  // Requests as a whole
  FS_BODY_UNREADABLE: {
    httpStatus: 400,
    disposition: 'reject',
    title: 'The body is not valid JSON',
    hint: 'Send UTF-8 JSON that a strict parser reads: no trailing commas, no comments, no NaN.',
  },
  FS_BODY_EMPTY: {
    httpStatus: 400,
    disposition: 'reject',
    title: 'The body holds no event',
    hint: 'Send one event object or a non-empty array of events.',
  },
  ...jsonErrors,
  FS_ROBOT_ID_INVALID: {
    httpStatus: 400,
    disposition: 'reject',
    title: 'The robot id in the path is not valid',
    hint: 'A robot id is 1 to 64 characters of A-Z a-z 0-9 . _ : and -, the first a letter or a digit.',
  },
  FS_FLEET_ID_INVALID: {
    httpStatus: 400,
    disposition: 'reject',
    title: 'The fleet id in the path is not valid',
    hint: 'A fleet id is 1 to 64 characters of A-Z a-z 0-9 . _ : and -, the first a letter or a digit.',
  },
  FS_FLEET_ROBOT_FOREIGN: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'The fleet may not send for this robot',
    hint: 'Grant it with "fleetstream keys grant"; the source of each event is /robots/<id> of a robot of the fleet.',
  },
  FS_KEYS_UNAVAILABLE: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'This pod has not learned yet which keys are revoked',
    hint: 'It needs Redis once after its start; wait for Retry-After and send the same events with the same ids.',
  },
  FS_SIGNATURE_MISSING: {
    httpStatus: 401,
    disposition: 'reject',
    title: 'The request is not signed',
    hint: 'Send webhook-id, webhook-timestamp and webhook-signature as Standard Webhooks says; see "fleetstream sign".',
  },
  FS_SIGNATURE_INVALID: {
    httpStatus: 401,
    disposition: 'reject',
    title: 'No signature fits the body and this robot',
    hint: "Sign '<webhook-id>.<webhook-timestamp>.<body>' with this robot's own secret, over the very bytes sent.",
  },
  FS_TOKEN_INVALID: {
    httpStatus: 401,
    disposition: 'reject',
    title: 'The bearer token is missing or not valid',
    hint: 'Send "authorization: Bearer <token>"; a local start prints where its token lies.',
  },
  FS_FORBIDDEN: {
    httpStatus: 403,
    disposition: 'reject',
    title: 'The role of this token does not allow it',
    hint: 'A viewer reads, an operator sends commands; the role is a claim of the token.',
  },
  FS_REQUEST_REPLAYED: {
    httpStatus: 401,
    disposition: 'reject',
    title: 'A signed request with this webhook-id was answered before',
    hint: 'Sign each request under a new webhook-id; a request for commands must not be sent twice.',
  },
  FS_ROBOT_MISMATCH: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'The event speaks for another robot',
    hint: 'A robot may send only events whose source is /robots/<its own id>.',
  },
  FS_NOT_FOUND: {
    httpStatus: 404,
    disposition: 'reject',
    title: 'There is nothing at this path',
    hint: 'Robots post to /v1/robots/{robotId}/events.',
  },
  FS_ROBOT_UNKNOWN: {
    httpStatus: 404,
    disposition: 'reject',
    title: 'No event of this robot has been folded yet',
    hint: 'Check the id; a robot appears with its first event or its enrolment.',
  },
  FS_COMMAND_UNKNOWN: {
    httpStatus: 404,
    disposition: 'reject',
    title: 'No command has this id',
    hint: 'Check the id; commands that ended long ago are not remembered here, but in fleet.commands.',
  },
  FS_COMMAND_MALFORMED: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'The command does not fit its schema',
    hint: 'The detail names the field; compare with fleet.command-requested.v1 in docs/events.md.',
  },
  FS_SELECTOR_INVALID: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'The selector does not say which robots are meant',
    hint: 'The detail names the part; compare with fleet.rollout-created.v1 in docs/events.md.',
  },
  FS_SELECTION_EMPTY: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'The selector holds of no robot',
    hint: 'Try the selector with dryRun; robots of fleets and sites that are not yours are not there for you.',
  },
  FS_ROLLOUT_UNKNOWN: {
    httpStatus: 404,
    disposition: 'reject',
    title: 'No rollout has this id',
    hint: 'Check the id; rollouts that ended long ago are not remembered here, but in fleet.rollouts.',
  },
  FS_ROLLOUT_ENDED: {
    httpStatus: 409,
    disposition: 'reject',
    title: 'The rollout is not in a phase for that',
    hint: 'What is paused may be resumed, what runs may be paused, and what has not ended may be aborted.',
  },
  FS_COMMAND_NOT_WAITING: {
    httpStatus: 409,
    disposition: 'reject',
    title: 'The command does not wait for an approval',
    hint: 'Ask for the command itself: it says whether it needs one, who gave it, and where it stands.',
  },
  FS_APPROVAL_OWN: {
    httpStatus: 403,
    disposition: 'reject',
    title: 'Nobody approves what they asked for themselves',
    hint: 'Somebody else with the role approver has to approve it.',
  },
  FS_PRECONDITION_FAILED: {
    httpStatus: 412,
    disposition: 'reject',
    title: 'The robot is not as the request says it has to be',
    hint: 'The detail names what differs; look at the robot and decide anew. Nothing was requested.',
  },
  FS_QUERY_INVALID: {
    httpStatus: 400,
    disposition: 'reject',
    title: 'A parameter of the query is not valid',
    hint: 'The detail names the parameter and what it takes.',
  },
  FS_IDEMPOTENCY_KEY_INVALID: {
    httpStatus: 400,
    disposition: 'reject',
    title: 'The request has no usable Idempotency-Key',
    hint: 'Send an Idempotency-Key of 1 to 255 visible characters, the same when you try again; or your own commandId.',
  },
  FS_IDEMPOTENCY_CONFLICT: {
    httpStatus: 409,
    disposition: 'reject',
    title: 'Another command was requested under this key or id',
    hint: 'Take a new Idempotency-Key or commandId for another command; the same key is for the same request alone.',
  },
  FS_METHOD_NOT_ALLOWED: {
    httpStatus: 405,
    disposition: 'reject',
    title: 'This path has no such method',
    hint: 'Events are sent with POST.',
  },
  FS_BODY_TIMEOUT: {
    httpStatus: 408,
    disposition: 'retry',
    title: 'The body did not arrive in time',
    hint: 'Send smaller batches over a slow link.',
  },
  FS_BODY_TOO_LARGE: {
    httpStatus: 413,
    disposition: 'reject',
    title: 'The body is larger than allowed',
    hint: 'Split the batch; WEBHOOK_MAX_BODY_BYTES is the limit.',
  },
  FS_CONTENT_TYPE_UNSUPPORTED: {
    httpStatus: 415,
    disposition: 'reject',
    title: 'The content type is not one that events come in',
    hint: 'Use application/cloudevents+json, application/cloudevents-batch+json, application/json or ce- headers.',
  },
  FS_BATCH_TOO_LONG: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'The batch holds more events than allowed',
    hint: 'Split the batch; WEBHOOK_MAX_BATCH_EVENTS is the limit.',
  },
  FS_OVERLOADED: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'This pod holds as many bytes in flight as it may',
    hint: 'Wait for Retry-After and send the same events with the same ids.',
  },
  FS_RATE_LIMITED: {
    httpStatus: 429,
    disposition: 'retry',
    title: 'More events than this robot or its fleet may send now',
    hint: 'Wait for Retry-After; send less often in larger batches, and urgent events in requests of their own.',
  },
  FS_CALLER_RATE_LIMITED: {
    httpStatus: 429,
    disposition: 'retry',
    title: 'More requests than this caller may make now',
    hint: 'Wait for Retry-After; COMMANDS_RATE_PER_SECOND is the limit. A stop is never held back.',
  },
  FS_BROKER_UNAVAILABLE: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'The log did not acknowledge in time',
    hint: 'Wait for Retry-After and send the same events with the same ids; the outcome of this try is unknown.',
  },
  FS_DRAINING: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'This pod is shutting down',
    hint: 'Send again; the gateway picks another pod.',
  },
  FS_NOT_READY: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'The service is not ready',
    hint: 'It is starting, refolding or has lost a part it needs; /readyz says which.',
  },
  FS_OFFSET_NOT_REACHED: {
    httpStatus: 504,
    disposition: 'retry',
    title: 'The partition has not reached the offset that was asked for',
    hint: 'Ask again: /v1/partitions says how far it is. An offset past the end of the log is never reached.',
  },
  FS_HISTORY_GONE: {
    httpStatus: 410,
    disposition: 'reject',
    title: 'Neither a checkpoint nor the log reaches back that far',
    hint: 'Ask for a later moment; the retention of fleet.events says how far back the log reaches.',
  },
  FS_HISTORY_TOO_LONG: {
    httpStatus: 422,
    disposition: 'reject',
    title: 'The stretch of the log to refold is too long for a question',
    hint: 'Ask for a moment closer to a checkpoint, or a shorter stretch; PROCESSOR_HISTORY_RECORDS is the limit.',
  },
  FS_REQUEST_UNREADABLE: {
    httpStatus: 400,
    disposition: 'reject',
    title: 'The gateway could not read the request',
    hint: 'Check the request line and the headers: it is not valid HTTP, or its path holds an encoded slash.',
  },
  FS_UPSTREAM_UNAVAILABLE: {
    httpStatus: 503,
    disposition: 'retry',
    title: 'The gateway found no pod for the request, or lost it on the way',
    hint: 'Wait for Retry-After and send the same events with the same ids; the outcome of this try is unknown.',
  },
  FS_UPSTREAM_TIMEOUT: {
    httpStatus: 504,
    disposition: 'retry',
    title: 'The pod did not answer the gateway in time',
    hint: 'Wait for Retry-After and send the same events with the same ids; the outcome of this try is unknown.',
  },
  FS_INTERNAL: {
    httpStatus: 500,
    disposition: 'retry',
    title: 'Something unforeseen went wrong here',
    hint: 'The request id is in the log; sending the same events with the same ids again is safe.',
  },
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
