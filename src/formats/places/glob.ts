import { UsageError } from '../../stream/errors.js'

const mostAlternatives = 1000

/** Whether an address is a pattern rather than a name. */
export function isGlob(path: string): boolean {
  return /[*?[{]/.test(path)
}

/** The folders of a pattern before the first part that is one. */
export function staticFolder(pattern: string): string {
  const parts = pattern.split('/')
  const first = parts.findIndex(isGlob)
  return parts.slice(0, first === -1 ? parts.length - 1 : first).join('/')
}

/**
 * Whether a path, with `/` between its parts, matches `pattern`: `*` and `?` within a part, `**` for any folders, `[a-z]`,
 * `[!a]` and `{a,b}`. A part that begins with a dot wants a pattern that does. Takes time in proportion to the two lengths.
 */
export function globMatcher(pattern: string): (path: string) => boolean {
  const alternatives = expandBraces(pattern).map((each) => each.split('/').map(parsePart))
  return (path) => {
    const parts = path.split('/')
    return alternatives.some((wanted) => matchParts(wanted, parts))
  }
}

/** One part of a pattern: a test for each character, `any` for a `*`; or any number of folders. */
type Part = 'folders' | { tests: (Test | 'any')[]; hidden: boolean }
type Test = (character: string) => boolean

function parsePart(part: string): Part {
  if (part === '**') return 'folders'
  const characters = [...part]
  const tests: (Test | 'any')[] = []
  for (let i = 0; i < characters.length; i++) {
    const character = characters[i]!
    const close = character === '[' ? characters.indexOf(']', i + 2) : -1
    if (character === '*') tests.push('any')
    else if (character === '?') tests.push(() => true)
    else if (close !== -1) {
      tests.push(characterClass(characters.slice(i + 1, close)))
      i = close
    } else tests.push((each) => each === character)
  }
  return { tests, hidden: part.startsWith('.') }
}

function characterClass(members: readonly string[]): Test {
  const negated = members[0] === '!' || members[0] === '^'
  const ranges: [string, string][] = []
  for (let i = negated ? 1 : 0; i < members.length; i++) {
    const isRange = members[i + 1] === '-' && i + 2 < members.length
    ranges.push([members[i]!, members[isRange ? i + 2 : i]!])
    if (isRange) i += 2
  }
  return (each) => ranges.some(([low, high]) => low <= each && each <= high) !== negated
}

/** Greedy with one place to fall back to, the last `**`: trying every split would take exponential time. */
function matchParts(wanted: readonly Part[], parts: readonly string[]): boolean {
  return matchWithStars(
    wanted,
    parts,
    (each) => each === 'folders',
    (each, part) => each !== 'folders' && matchPart(each, part),
    (part) => !part.startsWith('.'),
  )
}

function matchPart({ tests, hidden }: Exclude<Part, 'folders'>, part: string): boolean {
  if (part.startsWith('.') && !hidden) return false
  return matchWithStars(
    tests,
    [...part],
    (each) => each === 'any',
    (each, character) => each !== 'any' && each(character),
    () => true,
  )
}

/** Matches a list against wants of which some are stars, each star taking any number of what it may take. */
function matchWithStars<W, T>(
  wants: readonly W[],
  items: readonly T[],
  isStar: (want: W) => boolean,
  fits: (want: W, item: T) => boolean,
  starTakes: (item: T) => boolean,
): boolean {
  let [want, item, star, taken] = [0, 0, -1, 0]
  while (item < items.length) {
    if (want < wants.length && isStar(wants[want]!)) {
      star = want++
      taken = item
    } else if (want < wants.length && fits(wants[want]!, items[item]!)) {
      want++
      item++
    } else if (star !== -1 && starTakes(items[taken]!)) {
      item = ++taken
      want = star + 1
    } else return false
  }
  while (want < wants.length && isStar(wants[want]!)) want++
  return want === wants.length
}

/** `a{b,c{d,e}}` as `ab`, `acd`, `ace`. A brace without its end, or without a comma, stands for itself. */
function expandBraces(pattern: string): string[] {
  const done: string[] = []
  const open = [pattern]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const group = firstGroup(next)
    if (group === undefined) done.push(next)
    else for (const choice of group.choices) open.push(next.slice(0, group.start) + choice + next.slice(group.end))
    if (done.length + open.length > mostAlternatives) {
      throw new UsageError(`The pattern ${pattern.slice(0, 200)} stands for more than ${mostAlternatives} others`)
    }
  }
  return done
}

function firstGroup(pattern: string): { start: number; end: number; choices: string[] } | undefined {
  for (let start = pattern.indexOf('{'); start !== -1; start = pattern.indexOf('{', start + 1)) {
    const cuts = [start]
    let depth = 0
    for (let at = start; at < pattern.length; at++) {
      if (pattern[at] === '{') depth++
      else if (pattern[at] === ',' && depth === 1) cuts.push(at)
      else if (pattern[at] === '}' && --depth === 0) {
        if (cuts.length === 1) break
        const ends = [...cuts.slice(1), at]
        return { start, end: at + 1, choices: cuts.map((cut, index) => pattern.slice(cut + 1, ends[index])) }
      }
    }
  }
  return undefined
}
