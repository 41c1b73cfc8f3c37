import { parseDocument, stringify } from 'yaml'
import { UsageError } from '../stream/errors.js'

/** Writes plain data as YAML, strings quoted where they need it, lines never folded. */
export function writeYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0 })
}

/**
 * Reads one YAML document of plain data. Syntax errors, duplicate keys, unknown tags and alias bombs are a
 * {@link UsageError} with file, line and column.
 */
export function readYaml(text: string, file: string): unknown {
  const document = parseDocument(text, { uniqueKeys: true, strict: true })
  const fault = document.errors[0] ?? document.warnings[0]
  if (fault) {
    const [start] = fault.linePos ?? []
    throw new UsageError(`${file}:${start?.line ?? 1}:${start?.col ?? 1}: ${fault.message.split('\n')[0]}`, {
      cause: fault,
    })
  }
  try {
    return document.toJS({ maxAliasCount: 100 })
  } catch (cause) {
    throw new UsageError(`${file}: ${(cause as Error).message}`, { cause })
  }
}
