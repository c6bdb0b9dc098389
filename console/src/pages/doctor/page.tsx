/** What the yard's machine can do, and what it cannot, with what to do about it. */
import { useState } from "react";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { CopyBox } from "../../components/copy-box.tsx";
import { Failed, Loading } from "../../components/empty.tsx";
import { Ago } from "../../components/moments.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import styles from "./doctor.module.css";

const shown = {
  missing: <Status tone="bad">missing</Status>,
  warning: <Status tone="warn">warning</Status>,
  ok: <Status tone="good">ok</Status>,
} as const;
const order = { missing: 0, warning: 1, ok: 2 } as const;

export default function DoctorPage() {
  const [looks, setLooks] = useState(0);
  const doctor = useRead(`doctor ${looks}`, (signal) =>
    call("GET /yard/v1/doctor", { query: { fresh: looks > 0 } }, { signal }),
  );
  const findings = (doctor.data?.findings ?? []).toSorted((a, b) => order[a.state] - order[b.state]);
  return (
    <Page
      title="Doctor"
      subtitle={
        doctor.data ? (
          <>
            Looked <Ago at={doctor.data.at} />. The same as “runyard doctor” prints.
          </>
        ) : (
          "What this machine can do"
        )
      }
      actions={
        <Button busy={!doctor.data && doctor.error === undefined} onClick={() => setLooks(looks + 1)}>
          Look again
        </Button>
      }
    >
      {!doctor.data && doctor.error === undefined && <Loading what="what the doctor finds" />}
      {doctor.error !== undefined && (
        <Failed what="The findings cannot be shown" error={doctor.error} retry={doctor.reload} />
      )}
      {findings.length > 0 && (
        <Panel isFlush>
          <ul className={styles.findings}>
            {findings.map(({ name, state, what, fix }) => (
              <li key={name}>
                <span>{shown[state]}</span>
                <div className={styles.finding}>
                  <strong>{name}</strong>
                  <p>{what}</p>
                  {fix !== undefined && <CopyBox label={`What to do about ${name}`} text={fix} />}
                </div>
              </li>
            ))}
          </ul>
        </Panel>
      )}
    </Page>
  );
}
