import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { showProgress } from '../../src/cli/progress.js'

let lines: string[]
const terminal = { quiet: false, json: false, out: () => {}, err: (line: string) => lines.push(line) }

beforeEach(() => {
  lines = []
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

it('shows that a pass goes on which tells of no rows, and says nothing of rows', () => {
  const progress = showProgress(terminal)
  progress.onEvent({ kind: 'pass', pass: 'score', tasks: 1, committed: 0 })
  vi.advanceTimersByTime(25_000)
  expect(lines).toEqual([
    expect.stringMatching(/^score {4}0\/1 tasks · 10\.0 s · \d+ MB$/),
    expect.stringMatching(/^score {4}0\/1 tasks · 20\.0 s · \d+ MB$/),
  ])
  progress.end()
  vi.advanceTimersByTime(25_000)
  expect(lines).toHaveLength(2)
})

it('says how many rows a second there are, and how long they will take', () => {
  const progress = showProgress(terminal)
  progress.onEvent({ kind: 'pass', pass: 'fetch', tasks: 4, committed: 0, rows: 100 })
  vi.advanceTimersByTime(5000)
  progress.onEvent({ kind: 'rows', pass: 'fetch', rows: 50 })
  vi.advanceTimersByTime(5000)
  expect(lines).toEqual([
    expect.stringMatching(/^fetch {4}0\/4 tasks · 50 of 100 rows in 10\.0 s \(5\/s\) · 10\.0 s left · /),
  ])
  progress.end()
  expect(lines.at(-1)).toBe('fetch    50 of 100 rows in 10.0 s (5/s)')
})
