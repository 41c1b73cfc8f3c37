import type { Message } from '../../models/types.js'
import { type Language, wordingIn } from '../ask/language.js'
import { fill, messagesOf, type PromptTexts } from '../ask/prompt-texts.js'

/** A task that is shown with what a good reply to it says. */
export type Demonstration = { readonly task: string; readonly reply: string }

/** `turns` shows each as a turn of either side, which chat models follow; `list` shows all in one text, as published. */
export type DemonstrationForm = 'turns' | 'list'

export type Demonstrated = {
  readonly demonstrations: readonly Demonstration[]
  /** One of them as a part of the list. */
  entry(demonstration: Demonstration): string
  readonly language: Language
}

/** A question about a task, behind demonstrations; as turns it is worded by the text that is called `<name>-turns`. */
export function demonstrating(
  form: DemonstrationForm,
  name: string,
  { demonstrations, entry, language }: Demonstrated,
): (task: string, texts: PromptTexts) => Message[] {
  if (form === 'list') {
    const examples = demonstrations.map(entry).join('\n\n')
    return (task, texts) => messagesOf(wordingIn(language, name, texts), { task, examples })
  }
  return (task, texts) => {
    const wording = wordingIn(language, `${name}-turns`, texts)
    const messages = messagesOf(wording, { task })
    const shown = demonstrations.flatMap((demo): Message[] => [
      { role: 'user', content: fill(wording.user, { task: demo.task }) },
      { role: 'assistant', content: demo.reply },
    ])
    return [...messages.slice(0, -1), ...shown, messages.at(-1)!]
  }
}
