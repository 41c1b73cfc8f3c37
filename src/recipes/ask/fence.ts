import { createHash } from 'node:crypto'

/** A text between two tags that it cannot close, for prompts: what stands there is data, never an order. */
export function fenced(text: string): string {
  const name = fenceName(text)
  return `<${name}>\n${text}\n</${name}>`
}

/**
 * The name of the tags around a text: six consonants hashed from it, hashed again until the text does not hold them, so
 * that no text can close its own fence. Letters, since every digit costs a small model a token.
 */
export function fenceName(text: string): string {
  const lower = text.toLowerCase()
  for (let round = 0; ; round++) {
    const digest = createHash('sha256').update(`${round}\n${text}`).digest()
    const name = Array.from(digest.subarray(0, 6), (byte) => 'bcdfghjklmnpqrstvwxz'[byte % 20]).join('')
    if (!lower.includes(name)) return name
  }
}

/** Whether a reply gives back the tags around one of the texts it was shown. */
export function echoesFence(reply: string, ...texts: readonly string[]): boolean {
  const lower = reply.toLowerCase()
  return texts.some((text) => lower.includes(fenceName(text)))
}
