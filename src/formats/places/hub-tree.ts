import { below } from '../../http/endpoint.js'
import { nextPage } from '../../http/next-page.js'
import { EndpointError } from '../../stream/errors.js'
import { askHub, type Connection, encodePath, prefixOf, type Repository, withPath } from './hub-account.js'
import { checkPath } from './remote.js'

export type Entry = { type: string; path: string; size: number; oid?: string }

const mostEntries = 1_000_000

/** The entries below a folder, page by page. */
export async function tree(
  connection: Connection,
  repository: Repository,
  folder: string,
  deep: boolean,
): Promise<Entry[]> {
  const { id, revision } = repository
  let url = below(connection.endpoint, withPath(`api/datasets/${id}/tree/${revision}`, encodePath(folder)))
  url.searchParams.set('recursive', String(deep))
  const entries: Entry[] = []
  for (;;) {
    const { json, headers } = await askHub(connection, url, withPath(prefixOf(repository), folder))
    for (const entry of readEntries(json)) entries.push(entry)
    const next = nextPage(url, headers)
    if (next === undefined) return entries
    if (next.search === url.search || entries.length > mostEntries) {
      throw new EndpointError(`The hub's listing of ${prefixOf(repository)} does not end`, {
        fix: 'Name a folder or a pattern with a folder in front.',
      })
    }
    url = next
  }
}

function readEntries(json: unknown): Entry[] {
  const wrong = () =>
    new EndpointError('The hub answered with something else than a listing', { fix: 'Check HF_ENDPOINT.' })
  if (!Array.isArray(json)) throw wrong()
  return json.map((each) => {
    const { type, path, size = 0, oid, lfs } = (each ?? {}) as Record<string, unknown>
    if (typeof type !== 'string' || typeof path !== 'string' || typeof size !== 'number') throw wrong()
    checkPath(path, 'listing')
    const hash = (lfs as { oid?: unknown } | undefined)?.oid ?? oid
    return { type, path, size, ...(typeof hash === 'string' && { oid: hash }) }
  })
}
