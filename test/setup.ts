import fc from 'fast-check'

// The same cases at every run, so that a red suite can be run again; SLUICE_SEED=N explores others.
fc.configureGlobal({ seed: Number(process.env.SLUICE_SEED ?? 20_260_101) })
