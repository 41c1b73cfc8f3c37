import { isUtf8 } from 'node:buffer'
import { batch } from '../stream/batch.js'
import { CorruptInputError } from '../stream/errors.js'
import type { Sink } from '../stream/types.js'
import { readBlocks } from './files.js'
import { jsonValue } from './json-values.js'
import { describeByRows, pick, readObjects } from './jsonl.js'
import { type Line, longestText } from './lines.js'
import { writeText } from './text-output.js'
import type { Columns, Format, WriteOptions, Written } from './types.js'
import { unpackBlocks } from './unpack.js'

/**
 * JSON: one array of objects, read element by element, or objects one after another, on a line or over several. Packed
 * files are told by their bytes.
 */
export const json: Format = {
  name: 'json',
  extensions: ['.json', '.json.gz', '.json.zst'],
  streams: true,
  read: (path, options) =>
    batch<Columns>()(readObjects(path, () => readElements(path, undefined, options?.signal), options)),
  describe: (path, options) => describeByRows(path, json, options),
  write: writeJson,
}

/**
 * The texts of a file's objects and the line each begins on, one array for each block read. Only brackets and strings are
 * looked at, so a block may end at any byte; what lies between is JSON.parse's to judge.
 */
export async function* readElements(path: string, blockSize?: number, signal?: AbortSignal): AsyncGenerator<Line[]> {
  const scanner = elementScanner(path)
  for await (const block of unpackBlocks(path, readBlocks(path, { size: blockSize, signal }))) {
    const elements = scanner.push(block)
    if (elements.length > 0) yield elements
  }
  scanner.end()
}

const [quote, backslash, comma, newline] = [0x22, 0x5c, 0x2c, 0x0a]
const [openBracket, closeBracket, openBrace, closeBrace] = [0x5b, 0x5d, 0x7b, 0x7d]

/** Values inside each other; beyond some thousands a walk over a value would leave no stack. */
const deepest = 1000

/** Where the scan stands between elements: before any, inside the array (with or without a comma due), after it. */
type Stage = 'start' | 'first' | 'element' | 'comma' | 'objects' | 'after'

function elementScanner(path: string): { push(block: Uint8Array): Line[]; end(): void } {
  let stage: Stage = 'start'
  let depth = 0
  let inString = false
  let escaped = false
  let isStart = true
  let line = 1
  let startLine = 1
  let held: Uint8Array[] = []
  let heldBytes = 0

  const unexpected = (byte: number) =>
    new CorruptInputError(`${path}:${line}: expected ${wanted[stage]}, got \`${String.fromCharCode(byte)}\``)

  /** Takes one byte between elements; true where an element begins. */
  const between = (byte: number): boolean => {
    if (byte === 0x20 || byte === 0x09 || byte === 0x0d || byte === newline) return false
    if (stage === 'start') {
      stage = byte === openBracket ? 'first' : 'objects'
      if (stage === 'first') return false
    }
    if (byte === closeBracket && (stage === 'first' || stage === 'comma')) stage = 'after'
    else if (byte === comma && stage === 'comma') stage = 'element'
    else if (byte === openBrace && stage !== 'comma' && stage !== 'after') return true
    else throw unexpected(byte)
    return false
  }

  const deepen = () => {
    if (++depth > deepest) throw new CorruptInputError(`${path}:${line}: an object nests more than ${deepest} deep`)
  }

  const cut = (tail: Uint8Array): Line => {
    const bytes = held.length === 0 ? tail : Buffer.concat([...held, tail])
    held = []
    heldBytes = 0
    if (!isUtf8(bytes)) {
      throw new CorruptInputError(`${path}:${startLine}: the object is not UTF-8`, {
        fix: 'Convert the file to UTF-8.',
      })
    }
    return { text: Buffer.prototype.utf8Slice.call(bytes, 0, bytes.length), number: startLine }
  }

  return {
    push(block) {
      const elements: Line[] = []
      let at = isStart && block[0] === 0xef ? skipMark(block) : 0
      isStart = false
      let start = 0
      for (; at < block.length; at++) {
        const byte = block[at]!
        if (byte === newline) line++
        if (depth === 0) {
          if (!between(byte)) continue
          start = at
          startLine = line
          depth = 1
        } else if (inString) {
          if (escaped) escaped = false
          else if (byte === backslash) escaped = true
          else if (byte === quote) inString = false
        } else if (byte === quote) inString = true
        else if (byte === openBrace || byte === openBracket) deepen()
        else if ((byte === closeBrace || byte === closeBracket) && --depth === 0) {
          elements.push(cut(block.subarray(start, at + 1)))
          if (stage !== 'objects') stage = 'comma'
        }
      }
      if (depth > 0) {
        held.push(block.subarray(start))
        heldBytes += block.length - start
        if (heldBytes > longestText) {
          throw new CorruptInputError(`${path}:${startLine}: an object is longer than 128 MiB`)
        }
      }
      return elements
    },
    end() {
      if (depth > 0) throw new CorruptInputError(`${path}:${startLine}: the object that begins here has no end`)
      if (stage === 'first' || stage === 'element' || stage === 'comma') {
        throw new CorruptInputError(`${path}:${line}: the array has no end`, { fix: 'The file was cut short.' })
      }
    },
  }
}

const wanted: Record<Stage, string> = {
  start: 'an array or an object',
  first: 'an object or the end of the array',
  element: 'an object',
  comma: 'a comma or the end of the array',
  objects: 'an object',
  after: 'nothing after the array',
}

function skipMark(block: Uint8Array): number {
  return block[1] === 0xbb && block[2] === 0xbf ? 3 : 0
}

function writeJson(path: string, options: WriteOptions = {}): Sink<Columns, Written> {
  const names = options.schema && Object.keys(options.schema)
  return writeText(path, options, () => {
    let before = '[\n'
    return {
      row(each) {
        const text = before + JSON.stringify(jsonValue(names ? pick(each, names) : each))
        before = ',\n'
        return text
      },
      end: () => (before === '[\n' ? '[]\n' : '\n]\n'),
    }
  })
}
