import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    typecheck: { enabled: true, include: ['test/**/*.test-d.ts'], tsconfig: './tsconfig.json' },
    setupFiles: ['test/setup.ts'],
    // Against hangs alone: no test is of time, and a busy machine may take several times as long.
    testTimeout: 120_000,
    hookTimeout: 120_000,
    pool: 'forks',
    // Tests wait for processes and sockets half of the time, so no processor is kept free.
    maxWorkers: availableParallelism(),
  },
})
