/** The second factor: set up with a picture for the authenticator app, and a code to show that it has worked. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { Button } from "../../components/button.tsx";
import { confirm } from "../../components/confirm.tsx";
import { CopyBox } from "../../components/copy-box.tsx";
import { Field } from "../../components/field.tsx";
import { FormDialog } from "../../components/form-dialog.tsx";
import { Panel } from "../../components/page.tsx";
import { ShownOnce } from "../../components/shown-once.tsx";
import { Status } from "../../components/status.tsx";
import { useAction } from "../../components/use-action.ts";
import styles from "./account.module.css";

type Enrolment = Reply<"POST /api/v1/mfa/enroll/start">;

export function SecondFactor({ isOn, changed }: { isOn: boolean; changed: () => void }) {
  const [enrolment, setEnrolment] = useState<Enrolment>();
  const [code, setCode] = useState("");
  const [recovery, setRecovery] = useState<readonly string[]>();
  const [busy, run] = useAction();

  const begin = (): void =>
    run("Could not begin", async () => {
      setCode("");
      setEnrolment(await call("POST /api/v1/mfa/enroll/start"));
    });
  const end = (): void =>
    run("Could not switch it off", async () => {
      const isSure = await confirm({
        title: "Switch your second factor off?",
        lost: "Your password alone is enough then. Your recovery codes are good for nothing any more.",
        action: "Switch it off",
      });
      if (!isSure) return;
      await call("DELETE /api/v1/mfa");
      changed();
    });
  async function verify(): Promise<void> {
    const { recovery_codes: codes } = await call("POST /api/v1/mfa/enroll/verify", { body: { code } });
    setRecovery(codes);
    changed();
  }

  return (
    <Panel
      title="Second factor"
      actions={
        isOn ? (
          <Button busy={busy} onClick={end}>
            Switch it off…
          </Button>
        ) : (
          <Button busy={busy} onClick={begin}>
            Set it up…
          </Button>
        )
      }
    >
      <p>
        <Status tone={isOn ? "good" : "warn"}>{isOn ? "on" : "off"}</Status>{" "}
        {isOn ? "A code of your authenticator app is asked for at each login." : "Your password alone lets in."}
      </p>
      {enrolment && (
        <FormDialog
          title="Set up a second factor"
          description="Let your authenticator app read the picture, or type the secret into it."
          action="It is in the app"
          submit={verify}
          onClose={() => setEnrolment(undefined)}
        >
          <img className={styles.picture} src={enrolment.qr_data_url} alt="The secret as a QR code" />
          <CopyBox label="Secret" text={enrolment.secret} />
          <Field
            label="Code that the app shows"
            required
            autoFocus
            autoComplete="one-time-code"
            inputMode="numeric"
            value={code}
            onChange={(event) => setCode(event.target.value)}
          />
        </FormDialog>
      )}
      {recovery && (
        <ShownOnce title="Your recovery codes" text={recovery.join("\n")} onClose={() => setRecovery(undefined)} />
      )}
    </Panel>
  );
}
