import { UsageError } from '../stream/errors.js'
import { suggest } from '../text/suggest.js'
import { arrow } from './arrow/index.js'
import { csv } from './csv.js'
import { json } from './json.js'
import { jsonl } from './jsonl.js'
import { parquet } from './parquet/index.js'
import { text } from './text.js'
import type { Format } from './types.js'

/** Every format sluice knows. A new one is its own file and one word here. */
export const formats: readonly Format[] = [parquet, jsonl, arrow, csv, json, text]

/** The format of this name. Throws a UsageError with the nearest name. */
export function formatNamed(name: string): Format {
  const found = formats.find((format) => format.name === name)
  if (found) return found
  const names = formats.map((format) => format.name)
  const near = suggest(name, names)
  throw new UsageError(`Expected a format out of ${names.join(', ')}, got \`${name}\``, {
    fix: near && `Did you mean \`${near}\`?`,
  })
}

/** The format a file's ending names, or `undefined`. */
export function formatOf(path: string): Format | undefined {
  const name = path.toLowerCase()
  return formats.find((format) => format.extensions.some((extension) => name.endsWith(extension)))
}
