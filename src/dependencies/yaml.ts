import { FAILSAFE_SCHEMA, load } from 'js-yaml';
import { invalidLock, isMembers, type Members } from './manifest.js';

/** A YAML document of texts, lists and objects alone: `1.0` stays as it is written. */
export function parseYaml(path: string, text: string): Members {
  let value: unknown;
  try {
    value = load(text, { schema: FAILSAFE_SCHEMA });
  } catch (error) {
    throw invalidLock(path, 'it is no YAML', error);
  }
  if (!isMembers(value)) throw invalidLock(path, 'it is no YAML object');
  return value;
}
