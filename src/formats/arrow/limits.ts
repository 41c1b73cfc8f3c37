import type { Limits } from '../limits.js'

/** What an Arrow file may ask for before it counts as broken or hostile. Sizes are bytes. */
export const arrowLimits = {
  /** Metadata of one message, and a file's footer. */
  metadata: 64 << 20,
  /** Body of one message; offsets are kept in 32 bits. */
  body: 2 ** 31 - 1,
  /** Fields of a schema, those of structs and lists among them. */
  fields: 10_000,
  /** Lists and structs inside each other. */
  depth: 64,
  /** One compressed buffer, once plain. */
  plainBuffer: 256 << 20,
  /** All compressed buffers of a batch, once plain. */
  plainBatch: 512 << 20,
  /** Plain bytes for each compressed one; small buffers are let off, since they cost nothing. */
  ratio: 10_000,
  /** Rows of a batch beyond what its bytes could hold: columns of nothing but nulls take no bytes. */
  freeRows: 1 << 20,
}

/** The limits as an argument, so that a test can lower them. */
export type ArrowLimits = typeof arrowLimits

/** What the limits of all formats mean for an Arrow file. */
export function arrowLimitsOf(limits: Partial<Limits> = {}): ArrowLimits {
  return {
    ...arrowLimits,
    metadata: limits.footerBytes ?? arrowLimits.metadata,
    fields: limits.columns ?? arrowLimits.fields,
    depth: limits.depth ?? arrowLimits.depth,
    plainBuffer: limits.pageBytes ?? arrowLimits.plainBuffer,
    plainBatch: limits.heldBytes ?? arrowLimits.plainBatch,
    ratio: limits.ratio ?? arrowLimits.ratio,
  }
}
