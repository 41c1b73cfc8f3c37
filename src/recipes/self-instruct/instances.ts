import { uniform } from '../../text/hash.js'
import type { Language } from '../ask/language.js'
import { type Marks, marksOf } from './marks.js'

/** One example of a task: an input, which may be empty, and the output that belongs to it. */
export type Instance = { readonly input: string; readonly output: string }

type ParseOptions = {
  /** The reply ends where its tokens ran out: its last example is not whole, and is left out. */
  cutOff?: boolean | undefined
  /** What its parts are marked in. */
  language?: Language
}

/**
 * Reads the examples of a task that a model wrote input first, as the published code does: cut at "Example n", or one
 * alone where there is only an "Output:"; without either there is none.
 */
export function parseGeneration(reply: string, { cutOff = false, language = 'en' }: ParseOptions = {}): Instance[] {
  const text = reply.trim()
  const { reading } = marksOf[language]
  const parts = reading.example.test(text)
    ? text.split(reading.example).filter((part) => part.trim() !== '')
    : reading.output.test(text)
      ? [text]
      : []
  return whole(
    parts.map((part) => splitInputOutput(part, reading)),
    cutOff,
  )
}

/** Reads the examples of a classification, written output first: each begins with "Class label:", the rest is its input. */
export function parseClassification(reply: string, { cutOff = false, language = 'en' }: ParseOptions = {}): Instance[] {
  const parts = reply.split(marksOf[language].reading.label).slice(1)
  return whole(
    parts.map((part) => {
      const [label, ...input] = part.trim().split('\n')
      return { input: input.join('\n').trim(), output: label!.trim() }
    }),
    cutOff,
  )
}

function splitInputOutput(part: string, marks: Pick<Marks['reading'], 'input' | 'output'>): Instance {
  const [before, after] = part.split(marks.output)
  const [input, output] = after === undefined ? ['', part] : [before!, after]
  return {
    // Only this one name of a field is dropped; others say what the input is.
    input: input
      .trim()
      .replace(new RegExp(`^${marks.input.source}`, 'u'), '')
      .trim(),
    // A model that goes on with the next input without a number.
    output: output.split(marks.input)[0]!.trim(),
  }
}

function whole(instances: Instance[], cutOff: boolean): Instance[] {
  return cutOff ? instances.slice(0, -1) : instances
}

/** An instance that stays or leaves with a reason, by its place in the reply. */
export type JudgedInstance = Instance & { readonly place: number; readonly reason?: string }

const mostInstances = 5

/**
 * Judges the instances of one task as Self-Instruct's published code does (arXiv 2212.10560): an output that is empty or repeats the input, a side that ends in a
 * colon, one said before, and beyond five, drawn by lot, leave; where two share an input and differ in their outputs, nobody
 * knows which is right and all leave.
 */
export function judgeInstances(
  instances: readonly Instance[],
  { seed, id }: { seed: number; id: string },
): JudgedInstance[] {
  const seen = new Set<string>()
  const judged = instances.map((instance, place): JudgedInstance => {
    const reason = unfit(instance) ?? (repeats(instance, seen) ? 'instance said before' : undefined)
    return { ...instance, place, ...(reason && { reason }) }
  })
  const fit = judged.filter(({ reason }) => reason === undefined)
  const contradictory =
    new Set(fit.map(({ input }) => input).filter((input) => input !== '')).size <
    fit.filter(({ input }) => input !== '').length
  const lot = ({ place }: JudgedInstance) => uniform(seed, `${id}/${place}`, 'instances')
  const drawn = new Set([...fit].sort((a, b) => lot(a) - lot(b)).slice(0, mostInstances))
  return judged.map((instance) => {
    if (instance.reason !== undefined) return instance
    if (contradictory) return { ...instance, reason: 'same input with different outputs' }
    return drawn.has(instance) ? instance : { ...instance, reason: `more than ${mostInstances} instances` }
  })
}

function unfit({ input, output }: Instance): string | undefined {
  if (output === '') return 'empty output'
  if (input === output) return 'output repeats the input'
  if (/[:：]$/.test(input) || /[:：]$/.test(output)) return 'ends in a colon'
  return undefined
}

function repeats({ input, output }: Instance, seen: Set<string>): boolean {
  const key = JSON.stringify([input, output])
  if (seen.has(key)) return true
  seen.add(key)
  return false
}
