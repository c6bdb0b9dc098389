/** What listens in a capsule, and links to it. A port has a name of its own below the yard's, so that what it serves is a stranger to the console. */
import { type FormEvent, useState } from "react";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { useSelf } from "../../api/use-self.ts";
import { Button } from "../../components/button.tsx";
import { CopyBox } from "../../components/copy-box.tsx";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { Field } from "../../components/field.tsx";
import { Panel } from "../../components/page.tsx";
import { type Capsule, inTeam } from "../capsules/capsule.ts";
import styles from "./capsule.module.css";
import { listeningPorts } from "./listening-ports.ts";
import { portAddress } from "./port-address.ts";

export function CapsulePorts({ capsule }: { capsule: Capsule }) {
  const self = useSelf();
  const { id } = capsule;
  const [asked, setAsked] = useState("");
  const [port, setPort] = useState<number>();
  const found = useRead(`ports ${id}`, async (signal) => {
    const body = { cmd: "cat", args: ["/proc/net/tcp", "/proc/net/tcp6"] };
    const done = await call("POST /v1/capsules/{id}/exec", { path: { id }, body }, inTeam(capsule, self, { signal }));
    return listeningPorts("stdout" in done ? done.stdout : "");
  });

  function submit(event: FormEvent): void {
    event.preventDefault();
    setPort(Number(asked));
  }
  const again = (
    <Button kind="quiet" onClick={found.reload}>
      Look again
    </Button>
  );
  return (
    <>
      <Panel title="What listens now" actions={again}>
        {!found.data && found.error === undefined && <Loading what="the ports" />}
        {!found.data && found.error !== undefined && (
          <Failed what="The ports cannot be looked for" error={found.error} retry={found.reload} />
        )}
        {found.data?.length === 0 && (
          <Empty title="Nothing listens">
            Start a server in the capsule, such as <code>python3 -m http.server 8000</code>, and look again.
          </Empty>
        )}
        <ul className={styles.ports}>
          {found.data?.map((each) => (
            <li key={each}>
              <PortLink capsuleId={id} port={each} />
            </li>
          ))}
        </ul>
      </Panel>
      <Panel title="Address of a port">
        <form className={styles.form} onSubmit={submit}>
          <Field
            label="Port"
            type="number"
            min={1}
            max={65_535}
            required
            value={asked}
            onChange={(event) => setAsked(event.target.value)}
          />
          <Button type="submit">Show</Button>
        </form>
        {port !== undefined && (
          <div className={styles.ports}>
            <PortLink capsuleId={id} port={port} />
            <p className={styles.note}>Programs reach it by path too, with a token of the team:</p>
            <CopyBox label="Address by path" text={`${window.location.origin}/v1/capsules/${id}/ports/${port}/`} />
          </div>
        )}
      </Panel>
    </>
  );
}

function PortLink({ capsuleId, port }: { capsuleId: string; port: number }) {
  const address = portAddress(window.location, capsuleId, port);
  if (address === undefined)
    return (
      <p>
        Port {port}: open the console by a name instead of an address, and the port has one below it (
        <code>
          {port}-{capsuleId}.NAME
        </code>
        ).
      </p>
    );
  return (
    <>
      <a href={address} target="_blank" rel="noopener noreferrer">
        Open port {port}
      </a>
      <CopyBox label={`Address of port ${port}`} text={address} />
    </>
  );
}
