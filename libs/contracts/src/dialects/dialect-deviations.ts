/**
 * Where a message departs from its dialect: VDA 5050, or MassRobotics' status report. A closed union, because these become labels of a conformance score; a robot
 * of which half the messages carry one is still a robot whose state is read.
 */
export const dialectDeviations = [
  'header-id-missing',
  'timestamp-missing',
  'version-missing',
  'manufacturer-missing',
  'serial-number-missing',
  'order-id-missing',
  'order-update-id-missing',
  'last-node-id-missing',
  'node-states-missing',
  'edge-states-missing',
  'driving-missing',
  'operating-mode-missing',
  'errors-missing',
  'action-states-missing',
  'battery-missing',
  'safety-state-missing',
  /** A field has another type than the standard says and was left out or converted. */
  'field-of-wrong-type',
  'number-out-of-range',
  'text-cut',
  'list-cut',
  'operating-mode-unreadable',
  'order-id-not-text',
  /** `percentage` where 2.x says `batteryCharge` and 3.x `stateOfCharge`. */
  'battery-percentage-field',
  'battery-voltage-field',
  /** Beyond 0 to 100; kept as it is. */
  'battery-out-of-range',
  'position-incomplete',
  /** `load` where the standard says `loads`. */
  'load-field',
  'load-field-null',
  /** `actionState`, one object, instead of or beside `actionStates`. */
  'action-state-single',
  /** `id`, `command`, `state` where the standard says `actionId`, `actionType`, `actionStatus`. */
  'action-field-names',
  'action-without-id',
  'action-status-misspelt',
  'action-status-unknown',
  'error-empty',
  'error-without-type',
  'error-level-unknown',
  'connection-state-unknown',
  'uuid-missing',
  'operational-state-missing',
  'operational-state-unknown',
  'location-missing',
  'planar-datum-missing',
  /** An integer that a double can't hold; kept in `raw` to the digit. */
  'number-beyond-exact',
] as const;

export type DialectDeviation = (typeof dialectDeviations)[number];
