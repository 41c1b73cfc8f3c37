// A real S3 server on loopback for tests: moto, where this machine's python3 has it, with a bucket of objects in it.
import { spawn, spawnSync } from 'node:child_process'
import { createHash, createHmac } from 'node:crypto'

/** Whether there is an S3 server to test against. */
export const hasS3Server = spawnSync('python3', ['-c', 'import moto.server, flask']).status === 0

const [id, secret, region] = ['AKIATEST', 'test-secret', 'us-east-1']

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
    const target = new URL(path, url)
    const answer = await fetch(target, { method: 'PUT', body, headers: sign('PUT', target, Buffer.from(body)) })
    if (!answer.ok) throw new Error(`PUT ${path}: ${answer.status} ${await answer.text()}`)
  }
  return {
    url,
    env: { AWS_ENDPOINT_URL: url, AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_REGION: region },
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

/**
 * A signature of the tests' own, so that the client's is not checked by itself.
 * @param {string} method
 * @param {URL} url
 * @param {Buffer} body
 */
function sign(method, url, body) {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '')
  const hash = (/** @type {string | Buffer} */ text) => createHash('sha256').update(text).digest('hex')
  const headers = { host: url.host, 'x-amz-content-sha256': hash(body), 'x-amz-date': time }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const scope = [time.slice(0, 8), region, 's3', 'aws4_request']
  const request = [method, url.pathname, '', lines.join(''), names, hash(body)].join('\n')
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), hash(request)].join('\n')
  const hmac = (/** @type {string | Buffer} */ key, /** @type {string} */ part) =>
    createHmac('sha256', key).update(part).digest()
  const signature = hmac(
    scope.reduce((key, part) => hmac(key, part), /** @type {any} */ (`AWS4${secret}`)),
    text,
  )
  const credential = `Credential=${id}/${scope.join('/')}`
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names}, Signature=${signature.toString('hex')}`
  return { ...headers, authorization }
}
