import type { Limits } from '../limits.js'
import type { PageDecoder } from '../zstd/index.js'
import type { Convert } from './convert.js'
import type { SchemaElement } from './library.js'

/** The values of one page, taken one after another from the front; nulls are not among them. */
export type Stored = {
  /** Appends the next `count` values to `out` and answers how many bytes they took. */
  next(out: unknown[], count: number): number
  skip(count: number): void
  /** The floats as they lie, where the page holds nothing else. */
  floats?: Float32Array
}

export type Coding = {
  element: SchemaElement
  convert: Convert
  limits: Limits
  /** What decoded the pages of the column, if they lie in its memory. */
  pages?: PageDecoder
}
