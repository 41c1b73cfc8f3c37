/**
 * Texts as columnar formats hold them: UTF-8, one text after another. Text i is `values[offsets[i] .. offsets[i + 1])`, so
 * n texts have n + 1 offsets.
 */
export type TextColumn = { readonly values: Uint8Array; readonly offsets: Int32Array | Uint32Array }

/** Strings as a column; a lone surrogate becomes U+FFFD. */
export function textColumn(texts: readonly string[]): TextColumn {
  return joined(texts.map((text) => Buffer.from(text)))
}

// A byte order mark is a character of the text like any other, as it is in a string.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** A column's texts as strings; bytes that are not UTF-8 become U+FFFD. */
export function columnTexts({ values, offsets }: TextColumn): string[] {
  checkColumn({ values, offsets })
  return Array.from({ length: offsets.length - 1 }, (_, i) =>
    decoder.decode(values.subarray(offsets[i], offsets[i + 1])),
  )
}

/** A column of its own of some texts of another, by their numbers. */
export function takeTexts({ values, offsets }: TextColumn, numbers: readonly number[]): TextColumn {
  return joined(numbers.map((n) => values.subarray(offsets[n], offsets[n + 1])))
}

function joined(parts: readonly Uint8Array[]): TextColumn {
  const offsets = new Int32Array(parts.length + 1)
  for (const [i, part] of parts.entries()) offsets[i + 1] = offsets[i]! + part.length
  return { values: Buffer.concat(parts), offsets }
}

/** Throws a TypeError where a column's offsets are none, go backwards, or point outside its values. */
export function checkColumn({ values, offsets }: TextColumn): void {
  if (offsets.length === 0) throw new TypeError('Expected a column of n texts to have n + 1 offsets, got none')
  for (let i = 1; i < offsets.length; i++) {
    if (offsets[i]! < offsets[i - 1]!) {
      throw new TypeError(`Expected offsets that do not go back, got ${offsets[i - 1]}, then ${offsets[i]}`)
    }
  }
  const [first, last] = [offsets[0]!, offsets[offsets.length - 1]!]
  if (first < 0 || last > values.length) {
    throw new TypeError(`Expected offsets from 0 to ${values.length}, got ${first} to ${last}`)
  }
}
