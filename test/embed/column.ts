import type { TextColumn } from '../../src/text/column.js'

/** Texts, or bytes that need not be UTF-8, as a column that begins at `start` of its bytes. */
export function columnOf(texts: readonly (string | Uint8Array)[], start = 0): TextColumn {
  const parts = texts.map((text) => (typeof text === 'string' ? Buffer.from(text) : text))
  const offsets = new Int32Array(parts.length + 1)
  offsets[0] = start
  for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i]! + part.length
  return { values: new Uint8Array(Buffer.concat([Buffer.alloc(start, 'x'), ...parts, Buffer.from('yz')])), offsets }
}
