import type { ChildProcess } from 'node:child_process'
import { basename, join } from 'node:path'
import { uniform } from '../../src/text/hash.js'

/** A process that may be killed, and how it ended. */
export type Started = {
  child: ChildProcess
  finished: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr?: string }>
}

export type KillLoopOptions = {
  /** Starts a run that writes `out`, or resumes it; where `killAt` is given it is to die of itself at that call to the disk. */
  start: (out: string, killAt?: number) => Started
  /** Where the runs write, a folder each. */
  folder: string
  /** How many kills to come to, over as many runs as that takes. */
  kills: number
  /** How long a run takes that nobody kills, and how many calls to the disk it makes; none where nobody counts them. */
  calm: { ms: number; calls?: number }
  onBegin?: (out: string) => Promise<void>
  onKilled?: (out: string, stderr: string) => Promise<void>
  onFinished: (out: string) => Promise<void>
}

/** Of the resumes, how many are to be killed again. */
const killedAgain = 0.3

/**
 * Kills a run and resumes it; three resumes in ten are killed again. Half of the kills come at a random moment of a run's
 * life, start-up included, half at a random call to the disk, since those are what a kill can come between. When a run
 * has ended by itself, `onFinished` looks at what it left, and the next begins. Returns how many runs and resumes there were.
 */
export async function killLoop(options: KillLoopOptions): Promise<{ runs: number; again: number }> {
  const { start, folder, kills, calm, onBegin, onKilled, onFinished } = options
  let killed = 0
  let again = 0
  let run = 0
  for (; killed < kills; run++) {
    if (run > 5 * kills) throw new Error(`${run} runs ended before their kill`)
    const out = join(folder, `killed-${run}`)
    await onBegin?.(out)
    // What is left of a run where it was killed; a resume has no more than that to do, and its start-up.
    let left = 1
    for (let turn = 0; ; turn++) {
      const chance = (use: string) => uniform(29, `${basename(folder)}/${run}/${turn}`, use)
      const isToDie = killed < kills && (turn === 0 || chance('again') < killedAgain)
      const at = left * chance('moment')
      const isByCall = calm.calls !== undefined && chance('how') < 0.5
      const { child, finished } = start(out, isToDie && isByCall ? 1 + Math.floor(calm.calls! * at) : undefined)
      const timer = isToDie && !isByCall ? setTimeout(() => child.kill('SIGKILL'), calm.ms * at) : undefined
      const { code, signal, stderr = '' } = await finished
      clearTimeout(timer)
      if (signal === 'SIGKILL') {
        killed++
        if (turn > 0) again++
        left = Math.max(0.3, left - at)
        await onKilled?.(out, stderr)
      } else if (code === 0) break
      else throw new Error(`run ${run}, turn ${turn} ended with ${code ?? signal}: ${stderr}`)
    }
    await onFinished(out)
  }
  return { runs: run, again }
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
