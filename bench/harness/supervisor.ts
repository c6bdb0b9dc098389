/** What both supervisors are asked to do, each through its own client. */
export interface SupervisedApp {
  readonly name: string;
  readonly argv: readonly string[];
}

export interface Supervisor extends AsyncDisposable {
  readonly name: string;
  /** The supervisor's own processes, without the apps. */
  pids(): readonly number[];
  /** Registers and starts these apps, to be restarted whenever they end; in whatever way is quickest for that client. */
  start(apps: readonly SupervisedApp[]): Promise<void>;
  /** The pids of the apps that are online, by name, according to the supervisor's own listing. */
  online(): Promise<ReadonlyMap<string, number>>;
  removeAll(): Promise<void>;
}

/** Starts all and waits until the listing has a pid for each.
 *  @throws {Error} after a minute */
export async function startAndWait(
  supervisor: Supervisor,
  apps: readonly SupervisedApp[],
  signal: AbortSignal,
): Promise<void> {
  await supervisor.start(apps);
  const deadline = performance.now() + 60_000;
  // Without a pause between two looks: a pause would be part of what is timed.
  for (;;) {
    signal.throwIfAborted();
    const online = await supervisor.online();
    if (apps.every((app) => online.has(app.name))) return;
    if (performance.now() > deadline)
      throw new Error(`${supervisor.name}: only ${online.size} of ${apps.length} apps were online after a minute`);
  }
}

/** Names `prefix1`, `prefix2`, … for processes that do nothing. Ten minutes: what a killed benchmark leaves ends by itself. */
export function sleepers(count: number, prefix: string): readonly SupervisedApp[] {
  return Array.from({ length: count }, (_, index) => ({ name: `${prefix}${index + 1}`, argv: ["/bin/sleep", "600"] }));
}
