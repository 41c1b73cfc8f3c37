/** Anything that travels with an identity: `<shard>#<row>` where it was read, `<parent>/<n>` where it was derived. */
export type Row = { readonly id: string }

/** Rows on the move: arrays of rows, pulled one array at a time. An array holds at least one row. */
export type Batches<R> = AsyncIterable<readonly R[]>

/** Rows in, rows out. An async generator function is one as it stands. */
export type Stage<In, Out> = (source: Batches<In>) => Batches<Out>

/** The end of a pipe: takes every row and answers once. */
export type Sink<In, Result> = (source: Batches<In>) => Promise<Result>

/** The start of a pipe. Each call opens it anew, since a selection reads its corpus twice. */
export type Source<R> = (options?: { signal?: AbortSignal }) => Batches<R>

/** Where a row left the stream and why; `reason` is a short fixed phrase that a report can count. */
export type Reject = {
  readonly id: string
  readonly stage: string
  readonly reason: string
  /** What made the rule fire, for a person reading one case; never counted. */
  readonly detail?: string
}
