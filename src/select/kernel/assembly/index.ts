// AssemblyScript, compiled by src/kernels.mjs. Pointers are byte offsets into a memory that the caller lays out; every
// vector starts at a multiple of 16 bytes and is padded with zeros to `stride` bytes, itself a multiple of 16.
// ../plain.ts repeats the sums of single.ts and sums.ts in the same order, so that both give the same bits.
export { panelQuantised, rankQuantised } from './quantised'
export { panelSingle, rankSingle } from './single'
export { addToClusters, distances, distancesToLabels, productsWithLabels } from './sums'
