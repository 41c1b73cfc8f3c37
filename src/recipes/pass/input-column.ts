/**
 * The column of inputs beside the `others` of a row: the one that was named, or else `input`, which any row may lack, unless
 * that is the name of another.
 */
export function inputColumnOf(
  named: string | undefined,
  others: readonly (string | undefined)[],
): { input: string | undefined; optional: readonly string[] } {
  if (named !== undefined || others.includes('input')) return { input: named, optional: [] }
  return { input: 'input', optional: ['input'] }
}
