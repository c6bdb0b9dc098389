/** Signing in: by password, with a code where one is due, or by a provider. */
import { useEffect, useState } from "react";
import { call } from "../../api/call.ts";
import { useObservable } from "../../api/observable.ts";
import type { Reply } from "../../api/operations.ts";
import { keepSession, sessionEnd } from "../../api/session.ts";
import mark from "../../mark.svg";
import { CodeForm } from "./code-form.tsx";
import { PasswordForm } from "./password-form.tsx";
import { Providers } from "./providers.tsx";
import styles from "./sign-in.module.css";

type LoginReply = Reply<"POST /api/v1/auth/login">;

export function SignIn({ refusal }: { refusal?: string }) {
  const reason = useObservable(sessionEnd) ?? refusal;
  const [challenge, setChallenge] = useState<string>();
  useEffect(() => {
    document.title = "Sign in · Runyard";
  }, []);

  function accept(reply: LoginReply): void {
    if (reply.mfa_required) setChallenge(reply.mfa_token);
    else keepSession(reply.access_token ?? "", reply.refresh_token ?? "");
  }

  return (
    <main className={styles.page}>
      <div className={styles.card}>
        <img src={mark} alt="" width="44" height="44" />
        <h1>{challenge === undefined ? "Sign in to Runyard" : "One more step"}</h1>
        {reason !== undefined && (
          <p role="alert" className={styles.refusal}>
            {reason}
          </p>
        )}
        {challenge === undefined ? (
          <>
            <PasswordForm
              submit={async (body) => accept(await call("POST /api/v1/auth/login", { body }, { anonymous: true }))}
            />
            <Providers />
          </>
        ) : (
          <CodeForm
            submit={async (code) =>
              accept(await call("POST /api/v1/auth/mfa", { body: { mfa_token: challenge, code } }, { anonymous: true }))
            }
            onBack={() => setChallenge(undefined)}
          />
        )}
      </div>
    </main>
  );
}
