/**
 * What a file may ask of the process before it is refused. A file says how large its parts are; each figure here is
 * checked against what it says before memory is taken or a loop is entered for it.
 */
export type Limits = {
  /** Bytes of a footer. */
  footerBytes: number
  /** Values in a footer: every number, text and list counts, since each becomes an object in memory. */
  footerValues: number
  /** Columns, the leaves of nested ones counted each. */
  columns: number
  /** Structs and lists inside one another. */
  depth: number
  /** Rows of one row group. */
  groupRows: number
  /** Bytes of one page header, which may hold its smallest and largest value. */
  pageHeaderBytes: number
  /** Bytes of one page once decompressed. */
  pageBytes: number
  /** Bytes out of each byte in when a page of more than a megabyte is decompressed. */
  ratio: number
  /** Entries of one dictionary. */
  dictionaryValues: number
  /** Decompressed bytes of pages held at one time, all columns together. */
  heldBytes: number
  /** Bytes of one text or binary value; V8 itself holds no text above 512 MB. */
  valueBytes: number
  /** Values of one row in one nested column. */
  rowValues: number
}

/** What any honest file keeps within; whoever trusts a larger one passes other figures. */
export const defaultLimits: Limits = {
  footerBytes: 64 << 20,
  footerValues: 5_000_000,
  columns: 10_000,
  depth: 64,
  groupRows: 50_000_000,
  pageHeaderBytes: 16 << 20,
  pageBytes: 256 << 20,
  ratio: 10_000,
  dictionaryValues: 10_000_000,
  heldBytes: 512 << 20,
  valueBytes: 128 << 20,
  rowValues: 4_000_000,
}

/** A file asks for more than a limit allows. Readers wrap it in a CorruptInputError that says where. */
export class LimitError extends Error {
  readonly fix: string

  constructor(message: string, name: keyof Limits) {
    super(message)
    this.name = 'LimitError'
    this.fix = `If you trust this file, raise the limit \`${name}\`.`
  }
}

/** Throws a LimitError where `value`, told of as `what`, is above the limit `name`. */
export function withinLimit(what: string, value: number, limits: Limits, name: keyof Limits): void {
  if (value > limits[name]) throw new LimitError(`${what}: ${value} is above the limit of ${limits[name]}`, name)
}
