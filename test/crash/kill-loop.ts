import type { ChildProcess } from 'node:child_process'
import { join } from 'node:path'
import { uniform } from '../../src/text/hash.js'

/** A process that may be killed, and how it ended. */
export type Started = {
  child: ChildProcess
  finished: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr?: string }>
}

export type KillLoopOptions = {
  /** Starts a run that writes `out`, or resumes it. */
  start: (out: string) => Started
  /** Where the runs write, a folder each. */
  folder: string
  /** How many kills to come to, over as many runs as that takes. */
  kills: number
  /** How long a run takes that nobody kills. */
  calmMs: number
  onKilled?: (out: string) => Promise<void>
  onFinished: (out: string) => Promise<void>
}

/**
 * Kills a run at a random moment and resumes it; three resumes in ten are killed again. When it has ended by itself,
 * `onFinished` looks at what it left, and the next run begins. Returns how many runs there were.
 */
export async function killLoop(options: KillLoopOptions): Promise<number> {
  const { start, folder, kills, calmMs, onKilled, onFinished } = options
  let killed = 0
  let run = 0
  for (; killed < kills; run++) {
    if (run > 5 * kills) throw new Error(`${run} runs ended before their kill`)
    const out = join(folder, `killed-${run}`)
    for (let turn = 0; ; turn++) {
      const chance = (use: string) => uniform(29, `${run}/${turn}`, use)
      const isToDie = killed < kills && (turn === 0 || chance('again') < 0.3)
      const { child, finished } = start(out)
      const timer = isToDie
        ? setTimeout(() => child.kill('SIGKILL'), calmMs * (0.2 + 0.8 * chance('moment')))
        : undefined
      const { code, signal, stderr } = await finished
      clearTimeout(timer)
      if (signal === 'SIGKILL') {
        killed++
        await onKilled?.(out)
      } else if (code === 0) break
      else throw new Error(`run ${run}, turn ${turn} ended with ${code ?? signal}: ${stderr}`)
    }
    await onFinished(out)
  }
  return run
}

/** Rows that should be there and are not, and rows that are there too often or should not be. */
export function compareRows(expected: readonly string[], found: readonly string[]): { lost: number; extra: number } {
  const counts = new Map<string, number>()
  for (const row of expected) counts.set(row, (counts.get(row) ?? 0) + 1)
  for (const row of found) counts.set(row, (counts.get(row) ?? 0) - 1)
  const differences = [...counts.values()]
  const sum = (sign: 1 | -1) => differences.reduce((total, count) => total + Math.max(0, sign * count), 0)
  return { lost: sum(1), extra: sum(-1) }
}
