/**
 * Does `work`, then closes `open` however that ended. What `work` threw is what it throws, since whatever fails while the
 * pieces are picked up is of less interest; what closing threw only where `work` was done.
 */
export async function closing<T>(open: { close(): unknown }, work: () => Promise<T>): Promise<T> {
  let done: T
  try {
    done = await work()
  } catch (error) {
    try {
      await open.close()
    } catch {}
    throw error
  }
  await open.close()
  return done
}
