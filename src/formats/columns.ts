import { UsageError } from '../stream/errors.js'
import { suggest } from '../text/suggest.js'
import { defaultLimits } from './limits.js'
import type { ReadOptions } from './types.js'

/**
 * Throws a UsageError naming the nearest column and all there are, where one of `wanted` is not among `present`: the columns of the
 * shard at `path`, or without one of several shards together.
 */
export function checkColumns(
  path: string | undefined,
  wanted: readonly string[] | undefined,
  present: readonly string[],
): void {
  const missing = wanted?.find((name) => !present.includes(name))
  if (missing === undefined) return
  const near = suggest(missing, present)
  const count = `${present.length} ${present.length < defaultLimits.columns ? 'in all' : 'or more'}`
  const shown = present.length > 50 ? `${present.slice(0, 50).join(', ')}, … (${count})` : present.join(', ')
  const [lacking, whose] = path === undefined ? ['None of the shards has a', 'Their'] : [`${path} has no`, 'Its']
  throw new UsageError(`${lacking} column \`${missing}\``, {
    fix: `${near === undefined ? '' : `Did you mean \`${near}\`? `}${whose} columns are: ${shown || '(none)'}.`,
  })
}

/** Of the columns a shard has, those to read, in the order asked for. Throws as {@link checkColumns} for one it may not lack. */
export function columnsToRead(
  path: string,
  { columns, optional = [] }: Pick<ReadOptions, 'columns' | 'optional'>,
  present: readonly string[],
): readonly string[] {
  if (columns === undefined) return present
  const needed = columns.filter((name) => !optional.includes(name))
  checkColumns(path, needed, present)
  return needed.length === columns.length ? columns : columns.filter((name) => present.includes(name))
}
