export {
  countValue,
  flagValue,
  jsonValue,
  keyVersionsValue,
  listValue,
  masterKeyValue,
  portValue,
  secretValue,
} from './config-values.ts';
export { type ConfigKey, describeConfig } from './describe-config.ts';
export { type ConfigSchema, type Environment, loadConfig, type LoadOptions } from './load-config.ts';
