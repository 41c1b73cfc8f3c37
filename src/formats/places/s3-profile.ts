import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { UsageError } from '../../stream/errors.js'

/** What the files of Amazon's tools say of a profile, by their own names. */
export type Profile = Partial<
  Record<'aws_access_key_id' | 'aws_secret_access_key' | 'aws_session_token' | 'region' | 'endpoint_url', string>
>

/**
 * The profile that AWS_PROFILE names, else `default`, out of ~/.aws/config and ~/.aws/credentials, of which the latter goes
 * before; AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name others. Keys that stand there are read, roles and single sign-on
 * are not. Throws a UsageError where AWS_PROFILE names one that is in neither.
 */
export function readProfile(env: NodeJS.ProcessEnv): Profile {
  const asked = env.AWS_PROFILE || env.AWS_DEFAULT_PROFILE
  const name = asked || 'default'
  const inHome = (file: string) => join(homedir(), '.aws', file)
  const config = sections(env.AWS_CONFIG_FILE || inHome('config'))
  const credentials = sections(env.AWS_SHARED_CREDENTIALS_FILE || inHome('credentials'))
  const found = [config.get(`profile ${name}`) ?? config.get(name), credentials.get(name)]
  if (asked && found.every((each) => each === undefined)) {
    throw new UsageError(`There is no profile \`${name}\` in ~/.aws/config or ~/.aws/credentials`, {
      fix: 'Check AWS_PROFILE.',
    })
  }
  return { ...found[0], ...found[1] }
}

/** Sections of an INI file by name; none of a file that is not there. */
function sections(path: string): Map<string, Record<string, string>> {
  const found = new Map<string, Record<string, string>>()
  let entries: Record<string, string> = {}
  for (const line of textOf(path).split(/\r?\n/)) {
    const section = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1]
    const [, key, value] = /^([\w.-]+)\s*=\s*(.*?)\s*$/.exec(line) ?? []
    if (section !== undefined) {
      entries = found.get(section) ?? {}
      found.set(section, entries)
    } else if (key !== undefined) entries[key.toLowerCase()] = value!
  }
  return found
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
