type CharRange = { minChars: number; maxChars: number }

/** For `refine` of options with both: a range that holds no text is a mistake to tell of before any work. */
export const minBelowMax = [
  ({ minChars, maxChars }: CharRange) => minChars <= maxChars,
  { path: ['minChars'], message: 'more than --max-chars' },
] as const satisfies [(range: CharRange) => boolean, { path: string[]; message: string }]
