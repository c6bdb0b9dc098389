/** Tests use real parts: databases, sandboxes, engines. Where one is not installed its tests are skipped, with the reason in the
 *  report; under `CI=true`, where everything must run, the missing part is a failure.
 *
 *      test("a capsule has its own files", { skip: skipUnless(bubblewrap !== undefined, "bubblewrap", "apt-get install bubblewrap") }, …)
 *
 *  @param present whether the part can be used here
 *  @param fix how to get it
 *  @returns a value for the `skip` option of a test or suite */
export function skipUnless(present: boolean, part: string, fix: string): string | false {
  if (present) return false;
  const reason = `${part} is missing here: ${fix}`;
  if (process.env.CI === "true") throw new Error(`${reason} (CI=true: nothing may be skipped)`);
  return reason;
}
