/** The login of this browser: its two tokens, which all tabs share. The access token lasts for minutes, and is renewed shortly before its end. */
import { CallError, errorOf } from "./call-error.ts";
import { noteAway, noteSeen } from "./line.ts";
import { createObservable } from "./observable.ts";
import type { Input, Reply } from "./operations.ts";
import { alone } from "./session-lock.ts";

export interface Session {
  readonly accessToken: string;
  readonly refreshToken: string;
  /** By this machine's clock, in milliseconds since 1970. */
  readonly renewAt: number;
}

const key = "runyard.session";
/** A call that is under way must not outlive its token. */
const marginMs = 60_000;

/** Why there is none any more, where nobody has signed out. */
export const sessionEnd = createObservable<string | undefined>(undefined);

export const session = createObservable<Session | undefined>(read());

// Another tab has signed in or out, or renewed the login.
window.addEventListener("storage", (event) => {
  if (event.key === key || event.key === null) session.set(read());
});

function read(): Session | undefined {
  try {
    const kept = JSON.parse(localStorage.getItem(key) ?? "null") as Partial<Session> | null;
    if (typeof kept?.accessToken !== "string" || typeof kept.refreshToken !== "string") return undefined;
    return { accessToken: kept.accessToken, refreshToken: kept.refreshToken, renewAt: Number(kept.renewAt) || 0 };
  } catch {
    return undefined; // not of ours
  }
}

export function keepSession(accessToken: string, refreshToken: string): void {
  const next = { accessToken, refreshToken, renewAt: Date.now() + lifetimeMs(accessToken) - marginMs };
  localStorage.setItem(key, JSON.stringify(next));
  sessionEnd.set(undefined);
  session.set(next);
}

/** @param reason for the person, who has not asked for it */
export function dropSession(reason?: string): void {
  localStorage.removeItem(key);
  sessionEnd.set(reason);
  session.set(undefined);
}

/** By the token's own times alone, as the clocks of browsers go wrong. */
export function lifetimeMs(token: string): number {
  const [, payload = ""] = token.split(".");
  try {
    const { exp, iat } = JSON.parse(atob(payload.replaceAll("-", "+").replaceAll("_", "/"))) as Record<string, number>;
    return ((exp ?? 0) - (iat ?? 0)) * 1_000;
  } catch {
    return 0; // then it is renewed before each use
  }
}

/** A token for a call. @param refused one that the yard no longer takes
 *  @throws {CallError} 401 when the login has ended; what {@link CallError.isAway} when the yard cannot be reached, which ends nothing */
export async function accessToken(refused?: string): Promise<string> {
  const isGood = (held: Session) => held.accessToken !== refused && Date.now() < held.renewAt;
  const held = required();
  if (isGood(held)) return held.accessToken;
  return alone(async () => {
    session.set(read()); // another tab may have been quicker
    const current = required();
    return isGood(current) ? current.accessToken : renew(current);
  });
}

function required(): Session {
  const held = session.get();
  if (!held) throw new CallError("Nobody is signed in. Sign in again.", 401);
  return held;
}

/** A reply that is lost, with a page that is reloaded say, loses nothing: for half a minute the yard gives the same answer again. */
async function renew({ refreshToken }: Session): Promise<string> {
  const body: Input<"POST /yard/v1/refresh">["body"] = { refreshToken };
  const response = await post("/yard/v1/refresh", body);
  // This tab may have slept meanwhile. What another one has done since is newer than this reply: a renewal, or the end of the login.
  const kept = read();
  if (kept?.refreshToken !== refreshToken) {
    session.set(kept);
    return required().accessToken;
  }
  if (!response.ok) {
    const failed = await errorOf(response);
    if (failed.status === 401) dropSession("Your login has ended. Sign in again.");
    throw failed;
  }
  const next = (await response.json()) as Reply<"POST /yard/v1/refresh">;
  keepSession(next.accessToken, next.refreshToken);
  return next.accessToken;
}

/** Finds out whether the login still stands, now that the yard has said that it does not: if so, it is renewed, else it is over. */
export async function proveSession(): Promise<void> {
  await accessToken(session.get()?.accessToken).catch(() => undefined); // its end is told by `session`
}

/** Ends the login at the yard too, if that can be reached. */
export async function signOut(): Promise<void> {
  const held = session.get();
  dropSession();
  if (held) await post("/api/v1/auth/logout", { refresh_token: held.refreshToken }).catch(() => undefined);
}

/** @throws {CallError} when there is no reply */
async function post(path: string, body: unknown): Promise<Response> {
  try {
    const response = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    noteSeen();
    return response;
  } catch (error) {
    noteAway();
    throw new CallError("The yard cannot be reached. Is the network there, and does the yard run?", 0, {
      cause: error,
    });
  }
}
