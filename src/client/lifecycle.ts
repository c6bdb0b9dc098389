/** Starting and stopping an app, and waiting until that has shown its effect. */
import { stateOf } from "./app-state.ts";
import { type AppSeen, getApp, setAppEnabled } from "./apps.ts";
import type { YardClient } from "./http.ts";
import { type Settled, type SettleOptions, settleStart, settleStop } from "./settle.ts";

/** Enables the app. One that is enabled and has ended is disabled first: enabling alone would leave it as it is.
 *  @throws {YardError} not_found; precondition for a run, which starts once */
export async function startApp(client: YardClient, name: string, options: SettleOptions): Promise<Settled> {
  const before = await getApp(client, name);
  const state = stateOf(before);
  if (state === "ended" || state === "failed") await setAppEnabled(client, name, false);
  if (state !== "running") await setAppEnabled(client, name, true);
  return settleStart(client, name, before.starts, options);
}

/** Disables the app, so that nothing starts it, and resolves once its process is gone. @throws {YardError} not_found, timeout */
export async function stopApp(client: YardClient, name: string, options: SettleOptions): Promise<void> {
  await setAppEnabled(client, name, false);
  await settleStop(client, name, options);
}

/** @throws {YardError} not_found, timeout */
export async function restartApp(client: YardClient, name: string, options: SettleOptions): Promise<Settled> {
  let before: AppSeen;
  try {
    await stopApp(client, name, options);
  } finally {
    // Whatever became of the wait, an app that was to be restarted must not be left disabled.
    before = await getApp(client, name);
    await setAppEnabled(client, name, true);
  }
  return settleStart(client, name, before.starts, options);
}
