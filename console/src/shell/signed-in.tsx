/** The pages of somebody who is signed in, in their frame. */
import { useEffect, useRef } from "react";
import { call } from "../api/call.ts";
import { CallError } from "../api/call-error.ts";
import { live } from "../api/live.ts";
import { useObservable } from "../api/observable.ts";
import { signOut } from "../api/session.ts";
import { useRead } from "../api/use-read.ts";
import { SelfContext } from "../api/use-self.ts";
import { Button } from "../components/button.tsx";
import { Failed, Loading } from "../components/empty.tsx";
import { tell } from "../components/toasts.tsx";
import { Frame } from "./frame.tsx";

/** Roles may change while the page is open. */
const readSelfEveryMs = 60_000;

export function SignedIn() {
  const self = useRead("self", (signal) => call("GET /yard/v1/self", {}, { signal }), { everyMs: readSelfEveryMs });
  useChangedRights(self.reload);
  if (self.data)
    return (
      <SelfContext value={self.data}>
        <Frame />
      </SelfContext>
    );
  if (self.error === undefined) return <Loading what="the console" />;
  const isOver = self.error instanceof CallError && self.error.status === 401;
  return (
    <main>
      <Failed isWholePage what="The console cannot begin" error={self.error} retry={isOver ? undefined : self.reload} />
      <p style={{ textAlign: "center" }}>
        <Button onClick={() => void signOut()}>Sign in anew</Button>
      </p>
    </main>
  );
}

/** What is offered follows what the caller may do, at once. */
function useChangedRights(reload: () => void): void {
  const changes = useObservable(live.rightsChanges);
  const known = useRef(changes);
  useEffect(() => {
    if (known.current === changes) return;
    known.current = changes;
    reload();
    tell("What you may do here has changed");
  }, [changes, reload]);
}
