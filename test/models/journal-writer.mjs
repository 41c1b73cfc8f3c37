// Appends to the journal in argv[2] until it is killed, and prints the number of each reply that was confirmed.
// A process of its own, so it runs what `npm test` has built.
import { journalled, openJournal } from '../../dist/models/journal.js'

const journal = await openJournal(process.argv[2])
const model = journalled(
  { id: 'test', ask: async ({ ordinal }) => ({ text: `Reply ${ordinal}`, finish: 'stop' }) },
  journal,
)
const messages = [{ role: 'user', content: 'Hello there' }]

let next = 0
const write = async () => {
  for (;;) {
    const ordinal = next++
    await model.ask({ messages, rowId: 'a#0', stage: 'instruct', ordinal, maxTokens: 50 })
    process.stdout.write(`${ordinal}\n`)
  }
}
await Promise.all(Array.from({ length: 8 }, write))
