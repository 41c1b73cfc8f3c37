import type { RunEvent } from '../run/types.js'
import { warning } from './failure.js'
import type { Terminal } from './verb.js'

const linesEveryMs = 10_000
const redrawsEveryMs = 100
/** How often it is looked whether a line is due, where nothing else happens. */
const looksEveryMs = 1000

export type Progress = {
  onEvent(event: RunEvent): void
  /** Says something between the lines. */
  note(text: string): void
  end(): void
}

/**
 * Shows a run on stderr: one line that is redrawn on a terminal, a plain line every ten seconds elsewhere, and one
 * when a pass ends. `end` clears what is being drawn.
 */
export function showProgress(terminal: Terminal): Progress {
  if (terminal.quiet) return { onEvent: onWarning(terminal.err), note: terminal.err, end: () => {} }
  const live = process.stderr.isTTY === true && process.env.TERM !== 'dumb'
  let pass: PassProgress | undefined
  let drawnAt = 0

  const draw = (now: number) => {
    if (!pass || now - drawnAt < (live ? redrawsEveryMs : linesEveryMs)) return
    drawnAt = now
    if (live) process.stderr.write(`\r\x1b[2K${describe(pass, now)}`)
    else terminal.err(describe(pass, now))
  }
  const finishPass = () => {
    if (pass && pass.rows > 0) {
      if (live) process.stderr.write('\r\x1b[2K')
      terminal.err(`${pass.name.padEnd(8)} ${summary(pass, Date.now())}`)
    }
    pass = undefined
  }
  const note = (text: string) => {
    if (live) process.stderr.write('\r\x1b[2K')
    terminal.err(text)
  }
  const warn = onWarning(note)
  // A pass may sort or merge for a while and tell of nothing.
  const looking = setInterval(() => draw(Date.now()), looksEveryMs).unref()
  return {
    onEvent: (event) => {
      const now = Date.now()
      warn(event)
      if (event.kind === 'note') note(event.text)
      if (event.kind === 'pass') {
        finishPass()
        const { pass: name, tasks, committed, rows: allRows } = event
        pass = { name, tasks, done: committed, before: committed, rows: 0, allRows, at: now }
        drawnAt = now
      } else if (pass && event.kind === 'rows') pass.rows += event.rows
      else if (pass && event.kind === 'task') pass.done++
      draw(now)
    },
    note,
    end() {
      clearInterval(looking)
      finishPass()
    },
  }
}

/** Says aloud what a run warns of, also where no progress is wanted. */
function onWarning(say: (text: string) => void): (event: RunEvent) => void {
  return (event) => {
    if (event.kind === 'warning') say(warning(event.text))
  }
}

type PassProgress = {
  name: string
  tasks: number
  done: number
  before: number
  rows: number
  /** Rows the pass will see in all, where that is known. */
  allRows: number | undefined
  at: number
}

function describe(pass: PassProgress, now: number): string {
  const parts = [`${pass.name.padEnd(8)} ${pass.done}/${pass.tasks} tasks`, summary(pass, now)]
  const share = pass.allRows
    ? pass.rows / pass.allRows
    : (pass.done - pass.before) / Math.max(1, pass.tasks - pass.before)
  if (share > 0 && share < 1) parts.push(`${duration(((now - pass.at) * (1 - share)) / share)} left`)
  parts.push(`${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`)
  return parts.join(' · ')
}

function summary({ rows, allRows, at }: PassProgress, now: number): string {
  if (rows === 0 && allRows === undefined) return duration(now - at)
  const perSecond = rows / Math.max(0.001, (now - at) / 1000)
  const rate = perSecond < 2 ? `${(60 * perSecond).toFixed(1)}/min` : `${number(Math.round(perSecond))}/s`
  const of = allRows !== undefined && rows < allRows ? ` of ${number(allRows)}` : ''
  return `${number(rows)}${of} rows in ${duration(now - at)} (${rate})`
}

function number(value: number): string {
  return value.toLocaleString('en')
}

/** Milliseconds as people say them: `3.2 s`, `4 min 05 s`, `2 h 13 min`. */
export function duration(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}
