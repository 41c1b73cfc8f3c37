// A real S3 server on loopback for tests: moto, where this machine's python3 has it, with a bucket of objects in it.
import { execFile, spawn, spawnSync } from 'node:child_process'
import { promisify } from 'node:util'

/** Whether there is an S3 server to test against. */
export const hasS3Server = spawnSync('python3', ['-c', 'import boto3, flask, moto.server']).status === 0

/** Makes a user who may do all with S3, tells its key, and has moto check every signature from then on. */
const lockScript = `
import json, sys, urllib.request, boto3
url = sys.argv[1]
iam = boto3.client("iam", endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
iam.create_user(UserName="reader")
allow = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
iam.put_user_policy(UserName="reader", PolicyName="all", PolicyDocument=json.dumps(allow))
key = iam.create_access_key(UserName="reader")["AccessKey"]
headers = {"content-type": "text/plain"}
urllib.request.urlopen(urllib.request.Request(url + "/moto-api/reset-auth", b"0", headers, method="POST"))
print(json.dumps({"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}))
`

/** @type {import('./s3-server.d.mts').startS3Server} */
export async function startS3Server() {
  const child = spawn('python3', ['-m', 'moto.server', '-H', '127.0.0.1', '-p', '0'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const url = await new Promise((resolve, reject) => {
    const listen = (/** @type {Buffer} */ chunk) => {
      said += chunk
      const found = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(said)?.[1]
      if (found !== undefined) resolve(found)
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('exit', (code) => reject(new Error(`moto ended with ${code}: ${said}`)))
  })
  /** @type {(path: string, body?: string | Uint8Array) => Promise<void>} */
  const put = async (path, body = '') => {
    const answer = await fetch(new URL(path, url), { method: 'PUT', body })
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`)
  }
  return {
    url,
    env: { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: 'anyone', AWS_SECRET_ACCESS_KEY: 'unchecked' },
    async lock() {
      const { stdout } = await promisify(execFile)('python3', ['-c', lockScript, url])
      return { AWS_ENDPOINT_URL: url, ...JSON.parse(stdout) }
    },
    createBucket: (name) => put(`/${name}`),
    put: (bucket, key, body) => put(`/${bucket}/${key.split('/').map(encodeURIComponent).join('/')}`, body),
    async close() {
      child.removeAllListeners('exit')
      const gone = new Promise((resolve) => child.once('exit', resolve))
      child.kill()
      await gone
    },
  }
}
