import type { Columns } from '../../formats/index.js'

/** A turn of a conversation; of content in parts, as of images and text, its texts. */
export type Turn = { readonly role: string; readonly content: string }

/** The turns of a conversation, each stored as {role, content} or, as ShareGPT has it, {from, value}; undefined where it is none. */
export function turnsOf(value: unknown): readonly Turn[] | undefined {
  return Array.isArray(value) ? value.map(turnOf) : undefined
}

function turnOf(turn: unknown): Turn {
  const { role, from, content, value } = (turn ?? {}) as Columns
  const who = String(role ?? from)
  const names: Readonly<Record<string, string>> = { human: 'user', gpt: 'assistant' }
  return { role: names[who] ?? who, content: contentOf(content ?? value) }
}

function contentOf(content: unknown): string {
  if (typeof content === 'string') return content
  if (!Array.isArray(content)) return ''
  const texts = content.map((part) => (part as Columns | null)?.text)
  return texts.filter((text) => typeof text === 'string').join('\n')
}

/**
 * The text of a column's value: a text as it is, and of a conversation what was said, an empty line between turns and those of
 * the system left out. What is neither is given back.
 */
export function textOf(value: unknown): unknown {
  if (typeof value === 'string' || value === null || value === undefined) return value
  const turns = turnsOf(value)
  if (turns?.length === 0) return ''
  if (turns === undefined || !turns.some(({ content }) => content !== '')) return value
  const said = turns.filter(({ role, content }) => role !== 'system' && content !== '')
  return said.map(({ content }) => content).join('\n\n')
}
