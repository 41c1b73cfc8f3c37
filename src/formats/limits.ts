/** A limit: what any honest file keeps within, and what it counts. */
type LimitFacts = { readonly standard: number; readonly counts: string }

/**
 * What a file may ask of the process before it is refused, by name. A file says how large its parts are; each figure here
 * is checked against what it says before memory is taken or a loop is entered for it. Whoever trusts a larger file passes
 * other figures. Arrow files are held to those of them that they have a counterpart of.
 */
export const limitTable = {
  footerBytes: { standard: 64 << 20, counts: "bytes of a footer, or of an Arrow message's metadata" },
  // Every number, text and list counts, since each becomes an object in memory.
  footerValues: { standard: 5_000_000, counts: 'values in a footer' },
  columns: { standard: 10_000, counts: 'columns, those within structs and lists each' },
  depth: { standard: 64, counts: 'structs and lists inside one another' },
  groupRows: { standard: 50_000_000, counts: 'rows of one row group' },
  // A page header may hold its page's smallest and largest value.
  pageHeaderBytes: { standard: 16 << 20, counts: 'bytes of one page header' },
  pageBytes: { standard: 256 << 20, counts: 'bytes of one page, or of an Arrow buffer, once decompressed' },
  ratio: { standard: 10_000, counts: 'bytes out of each byte in, where more than a megabyte comes out' },
  dictionaryValues: { standard: 10_000_000, counts: 'entries of one dictionary' },
  heldBytes: { standard: 512 << 20, counts: 'decompressed bytes of pages, or of an Arrow batch, held at one time' },
  // V8 itself holds no text above 512 MB.
  valueBytes: { standard: 128 << 20, counts: 'bytes of one text or binary value in Parquet' },
  rowValues: { standard: 4_000_000, counts: 'values of one row in one nested column' },
  groupMs: { standard: 60_000, counts: 'milliseconds of work on one row group, waiting left out' },
  heapBytes: {
    standard: 512 << 20,
    counts: 'bytes of the JavaScript heap of the process that decodes, with --isolate',
  },
} as const satisfies Record<string, LimitFacts>

export type LimitName = keyof typeof limitTable

/** A figure for each limit of {@link limitTable}. */
export type Limits = Record<LimitName, number>

/** What any honest file keeps within. */
export const defaultLimits: Limits = Object.fromEntries(
  Object.entries(limitTable).map(([name, { standard }]) => [name, standard]),
) as Limits

/** A file asks for more than a limit allows. Readers wrap it in a CorruptInputError that says where. */
export class ShardLimitError extends Error {
  readonly fix: string

  constructor(message: string, name: LimitName) {
    super(message)
    this.name = 'ShardLimitError'
    this.fix = `If you trust this file, raise the limit \`${name}\`: ${limitFlag(name)}.`
  }
}

/** The flag of the command line that sets a limit. */
export function limitFlag(name: LimitName): string {
  return `--limit-${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`
}

/** Throws a ShardLimitError where `value`, told of as `what`, is above the limit `name`. */
export function withinLimit(what: string, value: number, limits: Limits, name: LimitName): void {
  if (value > limits[name]) throw new ShardLimitError(`${what}: ${value} is above the limit of ${limits[name]}`, name)
}
