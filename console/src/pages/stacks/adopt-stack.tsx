/** Taking over a Compose project that runs already: its file is kept here from now on, its containers are left alone. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import type { Reply } from "../../api/operations.ts";
import { useRead } from "../../api/use-read.ts";
import { Button } from "../../components/button.tsx";
import { Empty, Failed, Loading } from "../../components/empty.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { Status } from "../../components/status.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { HostSelect } from "../fleet/host-select.tsx";
import { ComposeEditors } from "./compose-editors.tsx";
import styles from "./stacks.module.css";

type Project = Reply<"GET /api/v1/stacks/discovered">[number];

export default function AdoptStackPage() {
  const [host, setHost] = useState("local");
  const [chosen, setChosen] = useState<Project>();
  const found = useRead(
    `discovered ${host}`,
    (signal) => call("GET /api/v1/stacks/discovered", { query: { host } }, { signal }),
    { topics: ["containers", "stacks"] },
  );
  return (
    <Page title="Adopt a project" subtitle="Compose projects that run, and are no stacks of this yard yet">
      <HostSelect label="On" value={host} onChange={setHost} />
      {!found.data && found.error === undefined && <Loading what="the projects" />}
      {found.error !== undefined && (
        <Failed what="The projects cannot be shown" error={found.error} retry={found.reload} />
      )}
      {found.data?.length === 0 && (
        <Panel>
          <Empty title="There is nothing to adopt">
            Every Compose project that runs on this host is a stack of this yard already.
          </Empty>
        </Panel>
      )}
      {found.data?.map((project) => (
        <Panel
          key={project.project_name}
          title={project.project_name}
          actions={
            <Button aria-pressed={chosen?.project_name === project.project_name} onClick={() => setChosen(project)}>
              Adopt…
            </Button>
          }
        >
          <ul className={styles.services}>
            {project.services.map(({ name, container_id: id, image, state }) => (
              <li key={id}>
                {name}: {image} <Status tone={state === "running" ? "good" : "calm"}>{state}</Status>
              </li>
            ))}
          </ul>
        </Panel>
      ))}
      {chosen && <AdoptForm key={chosen.project_name} project={chosen} />}
    </Page>
  );
}

function AdoptForm({ project }: { project: Project }) {
  const [compose, setCompose] = useState("");
  const [env, setEnv] = useState("");
  const [busy, run] = useAction();
  const [, navigate] = useLocation();
  const name = project.project_name;
  const adopt = (): void =>
    run(`Could not adopt ${name}`, async () => {
      const body = { name, host_id: project.host_id, compose, ...(env !== "" && { env }) };
      const done = await call("POST /api/v1/stacks/adopt", { body });
      const others = done.drift_services.map((service) => `${service} does not run as the file says.`);
      tell(`${name} is adopted with ${done.bound_containers} containers`, [...done.warnings, ...others].join(" "));
      navigate(`/stacks/${encodeURIComponent(name)}`);
    });
  return (
    <>
      <ComposeEditors
        title={`The compose.yaml that ${name} was started from`}
        compose={compose}
        env={env}
        onCompose={setCompose}
        onEnv={setEnv}
        onSubmit={adopt}
      />
      <div>
        <Button kind="primary" busy={busy} disabled={compose.trim() === ""} onClick={adopt}>
          Adopt {name}
        </Button>
      </div>
    </>
  );
}
