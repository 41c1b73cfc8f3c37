// Loaded before a program, kills it at its N-th file-system call below a folder, by the environment: SLUICE_KILL_BELOW and
// SLUICE_KILL_AT. A write is half done by then. Says on stderr where it was killed, or how many calls there were.
import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { atNth, outcome } from './failing-fs.mjs'

const { SLUICE_KILL_BELOW = '', SLUICE_KILL_AT } = process.env

atNth(SLUICE_KILL_BELOW, Number(SLUICE_KILL_AT), async (name, path, half) => {
  await half?.()
  writeSync(2, `killed at ${name} ${path}\n`)
  process.kill(process.pid, 'SIGKILL')
})
if (isMainThread) process.on('exit', () => writeSync(2, `${outcome().calls} calls\n`))
