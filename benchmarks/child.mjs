import { spawnSync } from 'node:child_process'

// Runs a command under a small Python that waits for it and tells its CPU seconds and peak memory, Python's or ours alike.
const meter = `
import json, resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(json.dumps({"code": done.returncode, "out": done.stdout, "cpu": used.ru_utime + used.ru_stime, "mb": used.ru_maxrss / 1024}))
`

/** One run of a command: CPU seconds, peak memory in MB, and what it printed. Throws where it fails. */
export function metered(command, args) {
  const { stdout, stderr } = spawnSync('python3', ['-c', meter, command, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  })
  const { code, out, cpu, mb } = JSON.parse(stdout || '{"code":1}')
  if (code !== 0) throw new Error(stderr.trim().split('\n').at(-1))
  return { out, cpu, mb }
}

/**
 * The best of three runs of `command … file`: CPU seconds beyond those of the same on `empty`, peak memory in MB, and the
 * JSON it printed. Undefined, with a line that says why, where it does not run.
 */
export function timed(command, args, file, empty) {
  const run = (last) => {
    const { out, cpu, mb } = metered(command, [...args, last])
    return { cpu, mb, said: JSON.parse(out) }
  }
  try {
    const start = Math.min(...[0, 1, 2].map(() => run(empty).cpu))
    const runs = [0, 1, 2].map(() => run(file)).sort((a, b) => a.cpu - b.cpu)
    return { ...runs[0], cpu: runs[0].cpu - start }
  } catch (error) {
    console.log(`  ${args.at(-1)} left out: ${error.message}`)
    return undefined
  }
}

/** A line of the table; a peer's has the ratio, above 1 where ours takes less CPU. Throws where the two read unlike. */
export function show(name, result, ours) {
  if (result === undefined) return
  const { cpu, mb, said } = result
  if (ours !== undefined && JSON.stringify(said) !== JSON.stringify(ours.said)) {
    throw new Error(`${name} read ${JSON.stringify(said)}, and sluice ${JSON.stringify(ours.said)}`)
  }
  const ratio = ours === undefined ? '' : `   ${name} / sluice = ${(cpu / ours.cpu).toFixed(2)}`
  console.log(`  ${name.padEnd(10)} ${cpu.toFixed(2).padStart(6)} CPU s ${mb.toFixed(0).padStart(5)} MB${ratio}`)
}
