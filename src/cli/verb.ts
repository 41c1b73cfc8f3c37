/** A flag of a verb, as help, parsing and completion read it. */
export type Flag = {
  /** camelCase; on the command line `--kebab-case`. */
  readonly name: string
  readonly type: 'string' | 'number' | 'integer' | 'boolean'
  readonly description: string
  /** A single letter, without its dash. */
  readonly short?: string
  readonly choices?: readonly string[]
  /** May be given more than once; its value is then an array. */
  readonly repeats?: true
  /** Of a number: the least and the greatest it may be. */
  readonly min?: number
  readonly max?: number
  readonly default?: unknown
  /** The heading that help lists it under; default the common one. */
  readonly group?: string
}

export type Flags = Readonly<Record<string, unknown>>

/** What a verb may use of the terminal: data goes to `out`, everything else to `err`. */
export type Terminal = {
  out(text: string): void
  err(text: string): void
  /** Whether `--json` was given: one object on stdout instead of lines for people. */
  readonly json: boolean
  readonly quiet: boolean
}

/** A line of the table of verbs; what it takes to run one is loaded when it is named, so that `--help` is quick. */
export type VerbEntry = {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<Verb | VerbGroup>
}

/** A command of `sluice`. */
export type Verb = {
  /** Positional arguments as help shows them, such as `<shards...>`. */
  readonly operands: string
  readonly example: string
  readonly flags: readonly Flag[]
  /** Gives the exit code. */
  run(operands: readonly string[], flags: Flags, terminal: Terminal): Promise<number>
}

/** A verb that only holds others, such as `run`, which has one a recipe. */
export type VerbGroup = { readonly example: string; readonly verbs: readonly (Verb & VerbName)[] }

export type VerbName = { readonly name: string; readonly summary: string }
