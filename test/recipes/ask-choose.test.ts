import { describe, expect, it } from 'vitest'
import { askAbout } from '../../src/recipes/ask/ask.js'
import { createReplyCounts } from '../../src/recipes/ask/reply-counts.js'

describe('choosing among readings', () => {
  it('hears of an abort, and ends the run where it fails, as an embedder does that is refused', async () => {
    const { signal } = new AbortController()
    const call = new AbortController()
    const fatal: unknown[] = []
    const refused = new Error('refused')
    const heard: unknown[] = []
    const work = askAbout(
      {
        name: 'instruct',
        prompt: { write: () => [{ role: 'user', content: 'Why?' }], read: (reply) => ({ reply }) },
        sampling: { maxTokens: 8 },
        usualReply: () => '',
      },
      { id: 'a#0' },
      {
        model: { id: 'toy', ask: async () => ({ text: 'So.', finish: 'stop' }) },
        counts: createReplyCounts(() => {}),
        signal,
        callSignal: call.signal,
        onFatal: (error) => void fatal.push(error),
      },
      {
        choose: (_, __, given) => {
          heard.push(given)
          return Promise.reject(refused)
        },
      },
    )
    await expect(work).rejects.toBe(refused)
    expect(fatal).toEqual([refused])
    expect(heard).toEqual([call.signal])
  })
})
