import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

import { CoppiceError } from '../../base/index.js';

export interface S3Settings {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | null;
  readonly region: string;
  /** Null: Amazon's own of the region. */
  readonly endpoint: string | null;
}

/**
 * From where other tools take them: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN`, `AWS_REGION`,
 * `AWS_ENDPOINT_URL_S3` or `AWS_ENDPOINT_URL`; else the profile (`AWS_PROFILE`, or `default`) in `~/.aws/credentials` and
 * `~/.aws/config`. REMOTE_REFUSED when there are none, REMOTE_INVALID for an
 * endpoint that is none.
 */
export function readS3Settings(env: NodeJS.ProcessEnv = process.env): S3Settings {
  const profile = env['AWS_PROFILE'] ?? env['AWS_DEFAULT_PROFILE'] ?? 'default';
  const credentials = readIni(env['AWS_SHARED_CREDENTIALS_FILE'] ?? join(homedir(), '.aws', 'credentials'));
  const config = readIni(env['AWS_CONFIG_FILE'] ?? join(homedir(), '.aws', 'config'));
  const section = {
    ...config.get(profile === 'default' ? 'default' : `profile ${profile}`),
    ...credentials.get(profile),
  };
  const hasOwn = Boolean(env['AWS_ACCESS_KEY_ID'] && env['AWS_SECRET_ACCESS_KEY']);
  const accessKeyId = hasOwn ? env['AWS_ACCESS_KEY_ID'] : section['aws_access_key_id'];
  const secretAccessKey = hasOwn ? env['AWS_SECRET_ACCESS_KEY'] : section['aws_secret_access_key'];
  const sessionToken = hasOwn ? env['AWS_SESSION_TOKEN'] : section['aws_session_token'];
  if (!accessKeyId || !secretAccessKey) {
    throw new CoppiceError('REMOTE_REFUSED', `there are no credentials for S3 (profile ${profile})`, {
      hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile of ~/.aws/credentials with AWS_PROFILE',
    });
  }
  const endpoint = env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'] || section['endpoint_url'] || null;
  if (endpoint !== null && !/^https?:\/\//i.test(URL.canParse(endpoint) ? endpoint : '')) {
    throw new CoppiceError('REMOTE_INVALID', `the endpoint of S3 is no address: ${endpoint.slice(0, 200)}`, {
      hint: 'set AWS_ENDPOINT_URL as http://HOST:PORT or https://HOST; without it Amazon is asked',
    });
  }
  return {
    accessKeyId,
    secretAccessKey,
    sessionToken: sessionToken || null,
    region: env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || section['region'] || 'us-east-1',
    endpoint,
  };
}

/** Sections of an ini file by name; none of a file that cannot be read. */
function readIni(path: string): Map<string, Record<string, string>> {
  const sections = new Map<string, Record<string, string>>();
  let text = '';
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    return sections; // usually there is none
  }
  let section: Record<string, string> = {};
  for (const line of text.split(/\r?\n/)) {
    const name = /^\s*\[([^\]]+)\]/.exec(line)?.[1];
    if (name !== undefined) {
      section = sections.get(name.trim()) ?? {};
      sections.set(name.trim(), section);
      continue;
    }
    const [, key, value] = /^([A-Za-z_]\w*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (key !== undefined) section[key] = value!;
  }
  return sections;
}
