/** The whole: who is not signed in signs in, who is gets the pages. */
import { Router } from "wouter";
import { useObservable } from "../api/observable.ts";
import { session } from "../api/session.ts";
import { ConfirmDialogs } from "../components/confirm.tsx";
import { Toasts } from "../components/toasts.tsx";
import { takeArrival } from "../pages/sign-in/arrival.ts";
import { SignIn } from "../pages/sign-in/sign-in.tsx";
import { SignedIn } from "./signed-in.tsx";

const arrival = takeArrival();

export function Console() {
  const isSignedIn = useObservable(session) !== undefined;
  return (
    <Router base="/console">
      <Toasts>
        {isSignedIn ? <SignedIn /> : <SignIn refusal={arrival.refusal} />}
        <ConfirmDialogs />
      </Toasts>
    </Router>
  );
}
