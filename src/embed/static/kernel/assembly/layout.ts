// Where everything lies in the memory, in bytes from its start. The caller fills the tables once, reading their places
// from the exports of index.ts; what follows `dynamic` is arranged by the caller and may grow.

export const dimensions: i32 = 128
/** Pieces summed in float32 before they go into the float64 total; ../../plain.ts cuts at the same places. */
export const blockPieces: i32 = 512
/** Units of a word that are segmented at once, as in ../../viterbi.ts. */
export const windowUnits: i32 = 4096

/** u16 × 65,536: a code unit's class: 0 in no piece, 1 to 30 the most common in pieces, more for the others. */
export const classes: usize = 1024
/** u16 × 65,536: what NFKC makes of a code unit: 0 itself, 1 to be asked of the caller, otherwise a place in `pool`. */
export const normal: usize = classes + 131072
/** u16 × 16,384: a length and so many units, for each code unit that NFKC changes by itself. */
export const pool: usize = normal + 131072
/**
 * 16 bytes a node of the trie: its first child of a common class i32, the log-probability in 1/10,000 of the piece that
 * ends here i32, 32 bits, and that piece u16 (65,535 where none does). Bit c is set where there is a child of the common
 * class c; those lie one after another. Bit 31 is set where there are others. Node 0 is empty.
 */
export const nodes: usize = pool + 32768
/** i32 × 8,192: the node of a first unit, by its class. */
export const roots: usize = nodes + 1048576
/** Children of other classes, (key i32, node i32) × 131,072 in open addressing; an empty slot leads to node 0. */
export const slots: usize = roots + 32768
/** The best path to each position of a window: score i32, start u16, piece u16. */
export const paths: usize = slots + 1048576
/** u16: the pieces of a path, from its end. */
export const path: usize = paths + <usize>(windowUnits + 2) * 8
/** u16: pieces not yet summed: two blocks, then a window or a cached word. */
export const ids: usize = path + <usize>(windowUnits + 8) * 2
/** v128 × 17: as many bytes of ones as the place in the list says. */
export const masks: usize = (ids + <usize>(2 * blockPieces + windowUnits + 64) * 2 + 15) & ~15
/** f32 × 128: the sum of a block. */
export const partial: usize = masks + 17 * 16
/** f64 × 128: the sum of all blocks. */
export const total: usize = partial + <usize>dimensions * 4
/** f32 × 65,536: what the numbers of a row are to be multiplied with. */
export const scales: usize = (total + <usize>dimensions * 8 + 63) & ~63
/** i8 × 128 a piece, and a row of zeros for what is in no piece. */
export const rows: usize = scales + 262144
