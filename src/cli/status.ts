import { accountingLines } from '../recipes/pass/accounting.js'
import { type RunStatus, runStatus } from '../recipes/status.js'
import type { Terminal, Verb } from './verb.js'

export const statusVerb: Verb = {
  operands: '<out>',
  example: 'sluice status out',
  flags: [],
  run: async ([out], _flags, terminal) => {
    const status = await runStatus(out!)
    if (terminal.json) terminal.out(JSON.stringify(status))
    else printStatus(status, terminal)
    return 0
  },
}

function printStatus(
  { recipe, state, holder, passes, journalBytes, batches, tally }: RunStatus,
  terminal: Terminal,
): void {
  const by = holder ? ` (pid ${holder.pid} on ${holder.host})` : ''
  const next = state === 'stopped' ? '; the command that began it resumes it' : ''
  terminal.out(`${recipe}: ${state}${by}${next}`)
  for (const { pass, tasks, committed } of passes) {
    terminal.out(`${pass.padEnd(12)} ${committed} of ${tasks ?? '?'} tasks`)
  }
  if (journalBytes > 0) terminal.out(`journal      ${journalBytes.toLocaleString('en')} bytes of replies`)
  for (const { id = 'not known yet', requests, beganMs } of batches) {
    const began = new Date(beganMs).toISOString()
    terminal.out(`batch        ${id}: ${requests.toLocaleString('en')} requests, since ${began}`)
  }
  for (const [name, count] of tally ? accountingLines(tally) : []) {
    terminal.out(`${count.toLocaleString('en').padStart(12)}  ${name}`)
  }
}
