// A real-socket server for tests that is shaped like the Hugging Face hub: commits of data sets, tree listings in pages,
// and files that redirect to another host when they are large.
import { createHash } from 'node:crypto'
import { createServer } from 'node:http'
import { startFilesServer } from './files-server.mjs'
import { startHubUploads } from './hub-uploads.mjs'

/** @type {import('./hub-server.d.mts').startHubServer} */
export async function startHubServer(options) {
  const { repository, commits, branches, token, pageSize = 3, script, links, entries } = options
  /** @type {Record<string, Uint8Array | string>} */ const blobs = {}
  const cdn = await startFilesServer({ files: blobs })
  const uploads = await startHubUploads(options)
  /** @type {import('./hub-server.d.mts').HubServer['seen']} */ const seen = []
  const hash = (/** @type {Uint8Array | string} */ content) => createHash('sha256').update(content).digest('hex')

  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? '/', `http://${request.headers.host}`)
    const { authorization } = request.headers
    const fault = script?.({ path: url.pathname, count: seen.length })
    seen.push({ path: url.pathname, search: url.search, authorization })
    /** @type {(status: number, json: unknown, headers?: Record<string, string>) => void} */
    const answer = (status, json, headers = {}) => {
      response
        .writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers })
        .end(JSON.stringify(json))
    }
    if (fault !== undefined) return answer(fault, { error: `fault ${fault}` })
    if (token !== undefined && authorization !== `Bearer ${token}`) {
      return answer(401, { error: `Invalid credentials: ${authorization}` })
    }
    const api = `/api/datasets/${repository}/`
    const [kind, ...rest] = url.pathname.startsWith(api) ? url.pathname.slice(api.length).split('/') : ['file']
    const named = decodeURIComponent(rest[0] ?? '')
    const written = await uploads.answer(request, url, named)
    if (written?.[0] === 0) return response.destroy()
    if (written !== undefined) return answer(...written)
    if (kind === 'revision') {
      const sha = branches[named] ?? (commits[named] && named)
      return sha === undefined ? answer(404, { error: 'Revision not found' }) : answer(200, { id: repository, sha })
    }
    if (kind === 'tree') {
      const files = commits[named]
      const folder = rest.slice(1).map(decodeURIComponent).join('/')
      const listed = files && (entries ?? list(files, folder, url.searchParams.get('recursive') === 'true'))
      if (!listed || (listed.length === 0 && folder !== '')) return answer(404, { error: 'Not found' })
      const start = Number(url.searchParams.get('cursor') ?? 0)
      const more = start + pageSize < listed.length
      const next = new URL(url)
      next.searchParams.set('cursor', String(start + pageSize))
      const link = links?.(next) ?? `<${next.href}>; rel="next"`
      return answer(200, listed.slice(start, start + pageSize), more ? { link } : {})
    }
    const resolve = /^\/datasets\/(.+?)\/resolve\/([^/]+)\/(.+)$/.exec(url.pathname)
    const path = decodeURIComponent(resolve?.[3] ?? '')
    const content = commits[resolve?.[2] ?? '']?.[path]
    if (resolve?.[1] !== repository || content === undefined) return answer(404, { error: 'Entry not found' })
    blobs[`/blobs/${hash(content)}`] = content
    response.writeHead(302, { location: `http://localhost:${cdn.port}/blobs/${hash(content)}?sig=1` }).end('Found')
  })

  /**
   * @param {Record<string, Uint8Array | string>} files
   * @param {string} folder
   * @param {boolean} recursive
   */
  function list(files, folder, recursive) {
    const prefix = folder === '' ? '' : `${folder}/`
    /** @type {Map<string, object>} */ const found = new Map()
    for (const [path, content] of Object.entries(files)) {
      if (!path.startsWith(prefix)) continue
      const parts = path.slice(prefix.length).split('/')
      for (let depth = 1; depth < parts.length && (recursive || depth === 1); depth++) {
        const directory = prefix + parts.slice(0, depth).join('/')
        found.set(directory, { type: 'directory', oid: hash(directory).slice(0, 40), size: 0, path: directory })
      }
      if (recursive || parts.length === 1) {
        const lfs = { oid: hash(content), size: content.length, pointerSize: 130 }
        const blob = createHash('sha1').update(`blob ${content.length}\0`).update(content).digest('hex')
        const isLarge = !uploads.inGit.has(path)
        found.set(path, { type: 'file', oid: blob, size: content.length, path, ...(isLarge && { lfs }) })
      }
    }
    return [...found.values()]
  }

  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)))
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address())
  return {
    url: `http://127.0.0.1:${port}`,
    seen,
    cdn,
    uploads,
    async close() {
      server.closeAllConnections()
      await Promise.all([new Promise((resolve) => server.close(resolve)), cdn.close(), uploads.close()])
    },
  }
}
