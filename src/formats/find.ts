import { createHash } from 'node:crypto'
import { dirname, sep } from 'node:path'
import { UsageError } from '../stream/errors.js'
import { suggest } from '../text/suggest.js'
import { nameWithin } from './listing.js'
import { placeOf } from './places/index.js'
import type { Listing, PlacedFile } from './places/place.js'
import { formatNamed, formatOf, formats } from './table.js'
import type { Shard } from './types.js'

/**
 * The shards behind files, folders (searched to the bottom), globs and `-` for stdin, on this machine or at `https://`,
 * `hf://datasets/` and `s3://` addresses, without repeats, in code-unit
 * order of their names. In a folder or glob, text files are one shard together, and only where no other format is
 * there, so that a README beside data is not taken for data. `from` names the format of stdin and of files whose
 * ending says nothing. Throws a UsageError for a missing path, a glob without hits, or a format that is not known.
 */
export async function findShards(inputs: readonly string[], { from }: { from?: string } = {}): Promise<Shard[]> {
  if (inputs.length === 0) throw new UsageError('Expected at least one input: a file, a folder, a glob, or - for stdin')
  const found = new Map<string, Found>()
  for (const input of inputs) {
    for (const each of input === '-' ? [await findStdin(from)] : await findUnder(input, from)) {
      found.set(each.path, each)
    }
  }
  const all = [...found.values()]
  const root = commonFolder(all.filter((each) => each.path !== '-').map((each) => each.root))
  const shards = all.map(({ root: _, label, ...shard }) => ({
    ...shard,
    name: shard.path === '-' ? 'stdin' : nameWithin(root, label),
  }))
  refuseEqualNames(shards)
  return shards.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

type Found = Omit<Shard, 'name'> & Pick<PlacedFile, 'label'> & { root: string }

async function findUnder(input: string, from: string | undefined): Promise<Found[]> {
  const listing = await (await placeOf(input)).list(input)
  const { kind, root } = listing
  const known = listing.files.flatMap((file) => {
    const format = formatOf(file.label)?.name ?? (kind === 'file' ? from : undefined)
    return format === undefined ? [] : [{ ...file, format, root }]
  })
  if (known.length === 0) throw unknownFormat(input, listing)
  if (kind === 'file') return known
  // A README or a dataset_info.json beside data is not data.
  const certain = known.filter((file) => file.format !== 'text' && file.format !== 'json')
  const data = certain.length > 0 ? certain : known.filter((file) => file.format !== 'text')
  if (data.length > 0) return data
  const etags = known.flatMap((file) => file.etag ?? [])
  return [
    {
      path: listing.path,
      // A folder of texts is one shard, named in the folder it lies in; a glob keeps its pattern for a name.
      label: listing.label,
      root: kind === 'folder' ? dirname(root) : root,
      format: 'text',
      bytes: known.reduce((sum, file) => sum + file.bytes, 0),
      modifiedMs: Math.max(...known.map((file) => file.modifiedMs)),
      ...(etags.length > 0 && { etag: createHash('sha256').update(etags.join()).digest('hex') }),
    },
  ]
}

/** Names are what row ids begin with, so no two shards may share one. */
function refuseEqualNames(shards: readonly Shard[]): void {
  const paths = new Map<string, string>()
  for (const { name, path } of shards) {
    const other = paths.get(name)
    if (other !== undefined) throw new UsageError(`${other} and ${path} would both be called ${name}`)
    paths.set(name, path)
  }
}

function unknownFormat(input: string, { kind }: Listing): UsageError {
  const extensions = formats.flatMap((format) => format.extensions)
  const known = `sluice reads ${extensions.join(', ')}`
  if (kind !== 'file') return new UsageError(`${input} holds no file sluice can read`, { fix: `${known}.` })
  const ending = /\.[^./\\]+$/.exec(input)?.[0]
  const near = ending && suggest(ending, extensions)
  return new UsageError(
    ending === undefined
      ? `${input} has no ending to tell its format`
      : `${input}: \`${ending}\` is no format sluice reads`,
    {
      fix: `${near ? `Did you mean \`${near}\`? ` : ''}${known}; --from names the format of a file with another ending.`,
    },
  )
}

/** The deepest folder that holds all of `folders`. */
function commonFolder(folders: readonly string[]): string {
  // Where paths have backslashes, the labels of other places still have slashes.
  const [first = '.', ...others] = folders.map((folder) => folder.split(sep === '/' ? sep : /[\\/]/))
  const shared = Array.isArray(first) ? first : [first]
  let depth = shared.length
  for (const other of others) {
    let same = 0
    while (same < depth && other[same] === shared[same]) same++
    depth = same
  }
  return shared.slice(0, depth).join(sep) || sep
}

/** Stdin, its format read off its first bytes, which are put back. */
async function findStdin(from: string | undefined): Promise<Found> {
  const format = from === undefined ? sniff(await peekStdin()) : formatNamed(from).name
  if (!formatNamed(format).streams) {
    throw new UsageError(`Cannot read ${format} from stdin: it needs a seekable file`, {
      fix: 'Write it to a file first and pass its path.',
    })
  }
  return { path: '-', label: '-', root: '', format, bytes: 0, modifiedMs: 0 }
}

async function peekStdin(): Promise<Uint8Array> {
  const { stdin } = process
  const held: Buffer[] = []
  for (let bytes = 0; bytes < 8 && !stdin.readableEnded; ) {
    const chunk = stdin.read() as Buffer | null
    if (chunk !== null) {
      held.push(chunk)
      bytes += chunk.length
    } else {
      const more = await new Promise<boolean>((resolve, reject) => {
        const settle = (value: boolean) => () => {
          stdin.off('readable', onReadable).off('end', onEnd).off('error', reject)
          resolve(value)
        }
        const onReadable = settle(true)
        const onEnd = settle(false)
        stdin.once('readable', onReadable).once('end', onEnd).once('error', reject)
      })
      if (!more) break
    }
  }
  const head = Buffer.concat(held)
  if (head.length > 0) stdin.unshift(head)
  return head
}

function sniff(head: Uint8Array): string {
  const text = Buffer.from(head.subarray(0, 64))
    .toString('latin1')
    .replace(/^\u00ef\u00bb\u00bf/, '')
    .trimStart()
  if (head[0] === 0x1f && head[1] === 0x8b) return 'jsonl'
  if (text.startsWith('PAR1')) return 'parquet'
  if (text.startsWith('ARROW1') || text.startsWith('\u00ff\u00ff\u00ff\u00ff')) return 'arrow'
  if (head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd) return 'jsonl'
  if (text.startsWith('[')) return 'json'
  if (text === '' || text.startsWith('{')) return 'jsonl'
  throw new UsageError('Cannot tell from its first bytes what stdin holds', {
    fix: 'Say so: --from jsonl, json, csv, arrow or text.',
  })
}
