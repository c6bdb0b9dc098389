/** Root may read and write anywhere, so a test of missing rights gives them up: until the end of the block, `using _ =
 *  withoutRootRights()`, this process acts as nobody. Nothing else may run in it meanwhile. */
export function withoutRootRights(): Disposable {
  if (process.getuid?.() !== 0) return { [Symbol.dispose]: () => {} };
  process.seteuid?.(65_534);
  return { [Symbol.dispose]: () => process.seteuid?.(0) };
}
