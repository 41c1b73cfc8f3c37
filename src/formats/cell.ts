import type { Columns } from './types.js'

/** Reads one column of a row, or one field of a struct; undefined where the row lacks it, also where every object inherits the name. */
export function cellReader(name: string): (row: Readonly<Columns>) => unknown {
  if (!(name in Object.prototype)) return (row) => row[name]
  return (row) => (Object.hasOwn(row, name) ? row[name] : undefined)
}
