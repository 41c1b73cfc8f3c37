import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Message } from '../../models/types.js'
import type { PlannedShard } from '../../run/types.js'
import { UsageError } from '../../stream/errors.js'
import { suggest } from '../../text/suggest.js'
import { readYaml } from '../../text/yaml.js'

/** How a question is worded: the system message (none where empty), and the user's turn with `{slots}` for the row. */
export type PromptText = { readonly system: string; readonly user: string }

/** A recipe's wordings by name; a file given by `--prompts` may replace any of them, or half of one. */
export type PromptTexts = Readonly<Record<string, PromptText>>

/** A question as messages; a slot's name in a row's own text is left as it is. */
export function messagesOf({ system, user }: PromptText, slots: Readonly<Record<string, string>>): Message[] {
  const question: Message = { role: 'user', content: fill(user, slots) }
  return system === '' ? [question] : [{ role: 'system', content: system }, question]
}

/** The user's turn with the row's parts in its slots. */
export function fill(user: string, slots: Readonly<Record<string, string>>): string {
  return user.replace(slot, (whole, name: string) => (Object.hasOwn(slots, name) ? slots[name]! : whole))
}

/** What is said after the last slot, where a text's own orders would otherwise come last. */
export function closingOf({ user }: PromptText): string {
  return user.slice(user.lastIndexOf('}') + 1).trim()
}

const slot = /\{([a-z]+)\}/g

/** The wordings that a file puts in the place of a recipe's own, and the file as the plan remembers it. */
export type GivenTexts = { readonly texts: PromptTexts; readonly file: PlannedShard }

/**
 * Reads a YAML file of wordings, `name: { system: …, user: … }`. A name or key that the recipe does not have, or a turn
 * without the slots of the recipe's own, is a {@link UsageError} with what was probably meant.
 */
export async function readPromptTexts(own: PromptTexts, path: string): Promise<GivenTexts> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    throw new UsageError(`Cannot read the prompts file ${path}: ${(cause as Error).message}`, { cause })
  }
  const given = readYaml(text, path)
  if (!isRecord(given)) {
    throw new UsageError(`Expected ${path} to hold prompts by name, each with \`system\` and \`user\``, {
      fix: `The prompts are: ${Object.keys(own).join(', ')}.`,
    })
  }
  const replaced = Object.entries(given).map(([name, value]) => {
    const before = own[requireKnown(name, Object.keys(own), `${path}: the recipe has no prompt`)]!
    return [name, replace(before, value, `${path}: ${name}`)] as const
  })
  // What it says counts, not when it was saved.
  const etag = createHash('sha256').update(text).digest('hex')
  const file = { name: basename(path), path, bytes: Buffer.byteLength(text), modifiedMs: 0, format: 'yaml', etag }
  return { texts: { ...own, ...Object.fromEntries(replaced) }, file }
}

function replace(own: PromptText, given: unknown, where: string): PromptText {
  if (!isRecord(given)) throw new UsageError(`${where}: expected \`system\`, \`user\` or both`)
  for (const [key, value] of Object.entries(given)) {
    requireKnown(key, ['system', 'user'], `${where} has no part`)
    if (typeof value !== 'string')
      throw new UsageError(`${where}.${key}: expected a text, got ${JSON.stringify(value)}`)
  }
  const text = { ...own, ...given }
  const found = slotsOf(text.user)
  for (const name of slotsOf(own.user)) {
    if (found.includes(name)) continue
    const near = suggest(name, found)
    throw new UsageError(`${where}.user: expected the slot {${name}}, where the row's ${name} is to go`, {
      fix: near ? `Did you mean {${name}} where it says {${near}}?` : `Write {${name}} where it belongs.`,
    })
  }
  return text
}

function slotsOf(user: string): string[] {
  return Array.from(user.matchAll(slot), (match) => match[1]!)
}

function requireKnown(name: string, known: readonly string[], problem: string): string {
  if (known.includes(name)) return name
  const near = suggest(name, known)
  throw new UsageError(`${problem} \`${name}\``, {
    fix: near ? `Did you mean \`${near}\`?` : `Choose among ${known.join(', ')}.`,
  })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === 'object' && !Array.isArray(value)
}
