import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { account } from '../../src/formats/places/s3-account.js'
import { UsageError } from '../../src/stream/errors.js'
import { scratch } from './shards.js'

const credentials = `
# mine
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key=se/cret+=

[work]\r
AWS_ACCESS_KEY_ID = AKIAWORK
aws_secret_access_key = other
aws_session_token = token
`
const config = `
[default]
region = eu-west-1
[profile work]
region = eu-north-1
endpoint_url = http://127.0.0.1:9000
s3 =
  max_concurrent_requests = 20
`

async function files() {
  const folder = await scratch({ credentials, config })
  return { AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'), AWS_CONFIG_FILE: join(folder, 'config') }
}

describe('the account of S3', () => {
  it('is that of the default profile where nothing else is said', async () => {
    expect(account({ env: await files() })).toEqual({
      region: 'eu-west-1',
      credentials: { id: 'AKIADEFAULT', secret: 'se/cret+=' },
    })
  })

  it('is that of the profile that is named', async () => {
    const { endpoint, ...rest } = account({ env: { ...(await files()), AWS_PROFILE: 'work' } })
    expect(endpoint?.href).toBe('http://127.0.0.1:9000/')
    expect(rest).toEqual({
      region: 'eu-north-1',
      credentials: { id: 'AKIAWORK', secret: 'other', sessionToken: 'token' },
    })
  })

  it('is that of the environment where it names a key, and of nobody where there is none', async () => {
    const keys = { AWS_ACCESS_KEY_ID: 'AKIAENV', AWS_SECRET_ACCESS_KEY: 'env', AWS_PROFILE: 'none such' }
    expect(account({ env: { ...(await files()), ...keys } }).credentials).toEqual({ id: 'AKIAENV', secret: 'env' })
    const nowhere = { AWS_SHARED_CREDENTIALS_FILE: join(await scratch(), 'none'), AWS_CONFIG_FILE: 'none' }
    expect(account({ env: nowhere })).toEqual({ region: 'us-east-1' })
  })

  it('is a usage error where the profile is in neither file', async () => {
    const env = { ...(await files()), AWS_PROFILE: 'wrok' }
    expect(() => account({ env })).toThrow(UsageError)
    expect(() => account({ env })).toThrow(/no profile `wrok`/)
  })
})
