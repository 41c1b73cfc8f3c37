/**
 * A value as JSON can hold it: a bigint becomes its digits in a string, a vector a list, bytes base64. Answers with the
 * value itself where nothing in it needs that, which is nearly always; a replacer would cost every row three times over.
 */
export function jsonValue(value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString()
  if (value === null || typeof value !== 'object' || value instanceof Date) return value
  if (value instanceof Uint8Array) {
    return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('base64')
  }
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, jsonValue)
  if (Array.isArray(value)) return value.every((each) => jsonValue(each) === each) ? value : value.map(jsonValue)
  const entries = Object.entries(value)
  if (entries.every(([, each]) => jsonValue(each) === each)) return value
  return Object.fromEntries(entries.map(([name, each]) => [name, jsonValue(each)]))
}
