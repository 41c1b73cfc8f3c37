// The write side of the hub-shaped test server: what goes by large file storage, that storage on a host of its own, and
// commits, which want every object whole and the branch where the writer saw it.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'

/** @type {import('./hub-uploads.d.mts').startHubUploads} */
export async function startHubUploads({ repository, commits, branches, upload = {} }) {
  const { chunkBytes, ignored = [], moves = 0, lostAnswers = 0, storageScript, wrongHref } = upload
  /** @type {Map<string, Buffer>} */ const objects = new Map()
  /** @type {Map<string, Buffer>} */ const parts = new Map()
  /** @type {Set<string>} */ const inGit = new Set()
  /** @type {import('./hub-uploads.d.mts').HubUploads['seen']} */ const seen = []
  let [made, moved, lost] = [0, 0, 0]
  const etagOf = (/** @type {Buffer} */ bytes) => `"${createHash('md5').update(bytes).digest('hex')}"`
  const shaOf = (/** @type {Buffer} */ bytes) => createHash('sha256').update(bytes).digest('hex')

  const storage = createServer(async (request, response) => {
    const path = request.url ?? ''
    const body = await read(request)
    const fault = storageScript?.({ path, count: seen.length })
    seen.push({ method: request.method, path, headers: request.headers, bytes: body.length })
    if (fault !== undefined) return response.writeHead(fault).end('<Error><Message>storage fault</Message></Error>')
    // As a signed address has it, a body without a length is refused.
    if (request.headers['content-length'] === undefined) return response.writeHead(411).end()
    if (path.startsWith('/parts/')) parts.set(path.slice('/parts/'.length), body)
    else objects.set(path.slice('/objects/'.length), body)
    response.writeHead(200, { etag: etagOf(body) }).end()
  })
  await new Promise((resolve) => storage.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (storage.address())
  const at = `http://localhost:${port}`

  /** @type {(files: { path: string, size: number, sample: string }[]) => [number, unknown]} */
  const preupload = (files) => [
    200,
    {
      files: files.map(({ path, size }) => ({
        path,
        uploadMode: path.endsWith('.parquet') || size > 10_000_000 ? 'lfs' : 'regular',
        shouldIgnore: ignored.includes(path),
      })),
    },
  ]

  /** @type {(base: string, asked: { transfers: string[], objects: { oid: string, size: number }[] }) => [number, unknown]} */
  const batch = (base, { transfers, objects: wanted }) => {
    const multipart = chunkBytes !== undefined && transfers.includes('multipart')
    const answered = wanted.map(({ oid, size }) => {
      if (objects.has(oid)) return { oid, size }
      const verify = { href: `${base}/datasets/${repository}.git/info/lfs/objects/verify` }
      if (!multipart) return { oid, size, actions: { upload: { href: wrongHref ?? `${at}/objects/${oid}` }, verify } }
      const chunks = Array.from({ length: Math.ceil(size / chunkBytes) }, (_, n) => String(n + 1).padStart(5, '0'))
      const urls = Object.fromEntries(chunks.map((n) => [n, `${at}/parts/${oid}/${Number(n)}`]))
      const header = { chunk_size: String(chunkBytes), ...urls }
      return { oid, size, actions: { upload: { href: `${base}/api/complete_multipart`, header }, verify } }
    })
    return [200, { transfer: multipart ? 'multipart' : 'basic', objects: answered }]
  }

  /** @type {(asked: { oid: string, parts: { partNumber: number, etag: string }[] }) => [number, unknown]} */
  const complete = ({ oid, parts: listed }) => {
    const bytes = listed.map(({ partNumber, etag }) => {
      const part = parts.get(`${oid}/${partNumber}`)
      return part !== undefined && etagOf(part) === etag ? part : undefined
    })
    if (bytes.includes(undefined)) return [400, { error: 'Invalid part' }]
    objects.set(oid, Buffer.concat(/** @type {Buffer[]} */ (bytes)))
    return [200, {}]
  }

  /** @type {(asked: { oid: string, size: number }) => [number, unknown]} */
  const verify = ({ oid, size }) => {
    const object = objects.get(oid)
    return object?.length === size && shaOf(object) === oid ? [200, {}] : [422, { error: 'Object is not whole' }]
  }

  /** @type {(branch: string, lines: { key: string, value: Record<string, any> }[]) => [number, unknown]} */
  const commit = (branch, [header, ...lines]) => {
    const head = branches[branch]
    if (head === undefined) return [404, { error: 'Revision not found' }]
    const add = (/** @type {Record<string, Buffer>} */ files) => {
      made++
      const sha = createHash('sha1').update(`commit ${made}`).digest('hex')
      commits[sha] = { ...commits[/** @type {string} */ (branches[branch])], ...files }
      branches[branch] = sha
      return sha
    }
    if (moved < moves) {
      moved++
      add({ 'other.md': Buffer.from(`${moved}`) })
    }
    if (header?.key !== 'header' || !header.value.summary) return [400, { error: 'No summary' }]
    if (header.value.parentCommit !== branches[branch]) return [412, { error: 'A commit has happened since' }]
    /** @type {Record<string, Buffer>} */ const files = {}
    for (const { key, value } of lines) {
      const object = key === 'lfsFile' ? objects.get(value.oid) : Buffer.from(value.content, 'base64')
      if (object === undefined || (key === 'lfsFile' && object.length !== value.size)) {
        return [400, { error: `No object ${value.oid}` }]
      }
      files[value.path] = object
      if (key === 'file') inGit.add(value.path)
    }
    const commitOid = add(files)
    return lost++ < lostAnswers ? [0, {}] : [200, { success: true, commitOid }]
  }

  return {
    seen,
    inGit,
    /** The answer to a request to write, or undefined where it is none; status 0 cuts the connection. */
    async answer(request, url, branch) {
      const base = url.origin
      const text = request.method === 'POST' ? (await read(request)).toString('utf8') : ''
      const lines = () =>
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      if (request.method !== 'POST') return undefined
      if (url.pathname.startsWith(`/api/datasets/${repository}/preupload/`)) return preupload(lines()[0].files)
      if (url.pathname.startsWith(`/api/datasets/${repository}/commit/`)) return commit(branch, lines())
      if (url.pathname === '/api/complete_multipart') return complete(lines()[0])
      if (url.pathname === `/datasets/${repository}.git/info/lfs/objects/batch`) return batch(base, lines()[0])
      if (url.pathname === `/datasets/${repository}.git/info/lfs/objects/verify`) return verify(lines()[0])
      return [404, { error: 'Not found' }]
    },
    async close() {
      storage.closeAllConnections()
      await new Promise((resolve) => storage.close(resolve))
    },
  }
}

/** @type {(request: import('node:http').IncomingMessage) => Promise<Buffer>} */
async function read(request) {
  /** @type {Buffer[]} */ const blocks = []
  for await (const block of request) blocks.push(block)
  return Buffer.concat(blocks)
}
