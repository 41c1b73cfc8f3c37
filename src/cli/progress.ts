import type { RunEvent } from '../run/types.js'
import type { Terminal } from './verb.js'

const linesEveryMs = 10_000
const redrawsEveryMs = 100

/**
 * Shows a run on stderr: one line that is redrawn on a terminal, a plain line every ten seconds elsewhere, and one
 * when a pass ends. `end` clears what is being drawn.
 */
export function showProgress(terminal: Terminal): { onEvent(event: RunEvent): void; end(): void } {
  if (terminal.quiet) return { onEvent: () => {}, end: () => {} }
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
  return {
    onEvent: (event) => {
      const now = Date.now()
      if (event.kind === 'pass') {
        finishPass()
        pass = {
          name: event.pass,
          tasks: event.tasks,
          done: event.committed,
          before: event.committed,
          rows: 0,
          at: now,
        }
        drawnAt = now
      } else if (event.kind === 'note') terminal.err(event.text)
      else if (pass && event.kind === 'rows') pass.rows += event.rows
      else if (pass && event.kind === 'task') pass.done++
      draw(now)
    },
    end: finishPass,
  }
}

type PassProgress = { name: string; tasks: number; done: number; before: number; rows: number; at: number }

function describe(pass: PassProgress, now: number): string {
  const parts = [`${pass.name.padEnd(8)} ${pass.done}/${pass.tasks} tasks`, summary(pass, now)]
  const done = pass.done - pass.before
  if (done > 0 && pass.done < pass.tasks) {
    parts.push(`${duration(((now - pass.at) / done) * (pass.tasks - pass.done))} left`)
  }
  parts.push(`${Math.round(process.memoryUsage.rss() / 2 ** 20)} MB`)
  return parts.join(' · ')
}

function summary({ rows, at }: PassProgress, now: number): string {
  const seconds = Math.max(0.001, (now - at) / 1000)
  return `${rows.toLocaleString('en')} rows in ${duration(now - at)} (${Math.round(rows / seconds).toLocaleString('en')}/s)`
}

/** Milliseconds as people say them: `3.2 s`, `4 min 05 s`, `2 h 13 min`. */
export function duration(ms: number): string {
  const seconds = ms / 1000
  if (seconds < 60) return `${seconds.toFixed(1)} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${String(Math.floor(seconds % 60)).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}
