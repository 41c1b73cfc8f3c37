/** Where a row stands (the index of its shard in the plan, its number in there), and what was found out about it. */
export type RowFacts = {
  readonly shard: number
  readonly row: number
  readonly duplicates?: DuplicateFacts
  readonly rules?: readonly RuleFacts[]
}

/** Two rows and how alike they are. */
export type AlikeRows = { readonly id: string; readonly of: string; readonly score: number }

/** What a deduplication made of a row. */
export type DuplicateFacts = {
  /** Likeness from which rows are duplicates. */
  readonly threshold: number
  /** Of the earlier rows that it was compared with the likest, also where that is below the threshold. */
  readonly mostAlike?: AlikeRows
  /** The row that stays of its group, which may be itself; and those that left, with whom they duplicate. */
  readonly first: string
  readonly left: readonly AlikeRows[]
  readonly leftRows: number
  /** By `semantic`: rows of other clusters were not compared with it. */
  readonly cluster?: number
}

/** What a rule says of a row; a family without thresholds has only its verdict. */
export type RuleFacts = {
  readonly family: string
  readonly rule?: string
  readonly measures?: string
  /** Null where the row has nothing to measure. */
  readonly value?: number | null
  readonly least?: number
  readonly most?: number
  readonly passes: boolean
  readonly detail?: string
}
