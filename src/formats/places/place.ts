import type { Buffers } from '../buffers.js'

/** Bytes that can be read anywhere: the seam between a format and the place its shard lies in. */
export type ByteSource = {
  readonly size: number
  /** Exactly the bytes from `start` up to `end`; throws where they are not all there. */
  read(start: number, end: number): Promise<ArrayBuffer>
  /** Fills `target` with the bytes from `start` on; absent where they arrive in memory of their own. */
  readInto?(target: Uint8Array, start: number): Promise<void>
  close(): Promise<void>
}

/** A file as its place lists it. */
export type PlacedFile = {
  /** What {@link Place} opens it by; where the place has versions, it names one. */
  readonly path: string
  /** What names are made of: the path without a version or a query, from a slash on. */
  readonly label: string
  readonly bytes: number
  /** When it was last written; 0 where the place does not tell. */
  readonly modifiedMs: number
  /** The place's own mark of the content, where it gives one. */
  readonly etag?: string
}

/** The files an input stands for, in code-unit order of their paths. */
export type Listing = {
  readonly kind: 'file' | 'folder' | 'glob'
  /** The input in the form of a path, as {@link PlacedFile} has it. */
  readonly path: string
  /** The input in the form of a label. */
  readonly label: string
  /** The deepest folder that the input names, as part of labels. */
  readonly root: string
  readonly files: readonly PlacedFile[]
}

export type BlockOptions = {
  /** About the bytes of a block, where the place can choose; default 1 MiB. */
  size?: number | undefined
  signal?: AbortSignal | undefined
  /** Where blocks may be lent from, for a caller that gives them back. */
  buffers?: Buffers
}

/** Somewhere shards lie. A new place is its own file and one line in index.ts. */
export type Place = {
  /** The files behind a file, a folder or a glob. Throws a UsageError where nothing is there. */
  list(address: string): Promise<Listing>
  /** A file for reads anywhere in it. */
  open(path: string, signal?: AbortSignal): Promise<ByteSource>
  /** A file from front to back, in blocks whose memory is the caller's. */
  stream(path: string, options?: BlockOptions): AsyncGenerator<Uint8Array>
  /** Begins a file, which is there for readers once it is committed; absent where sluice only reads. */
  create?(path: string, signal?: AbortSignal): Promise<Output>
  /** Begins a new folder of files; absent as above. Throws a UsageError for a folder that holds any. */
  createFolder?(path: string, options: FolderOptions): Promise<OutputFolder>
}

export type FolderOptions = {
  /** What file number `index` is called, where it is known of how many and where it is not. */
  nameOf(index: number, count?: number): string
  signal?: AbortSignal | undefined
}

/** A folder while it is written. Exactly one of `commit` and `abort` ends it. */
export type OutputFolder = {
  /** Begins the next file; the one before must have ended. */
  create(): Promise<Output>
  /** Shows readers all the files that were committed. */
  commit(): Promise<void>
  /** Gives up all files. Never throws, as below. */
  abort(): Promise<void>
}

/** Where a format's bytes go. Exactly one of `commit` and `abort` ends it. */
export type Output = {
  /** Bytes taken so far. */
  readonly bytes: number
  /** True once nobody reads any more (a closed pipe): time to stop, and no error. */
  readonly closed: boolean
  /** Resolves when the bytes have left, which is the back-pressure; their memory is the caller's again then. */
  write(bytes: Uint8Array): Promise<void>
  commit(): Promise<void>
  /** Never throws, so that it cannot hide the error it is called for. */
  abort(): Promise<void>
}
