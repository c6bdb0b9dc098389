/** A new stack: from a template, from a `docker run` command, or written by hand. Nothing runs until it is deployed. */
import { useState } from "react";
import { useLocation } from "wouter";
import { call } from "../../api/call.ts";
import { useRead } from "../../api/use-read.ts";
import { useMay } from "../../api/use-self.ts";
import { Button, LinkButton } from "../../components/button.tsx";
import { Field } from "../../components/field.tsx";
import { NameField } from "../../components/name-field.tsx";
import { Page, Panel } from "../../components/page.tsx";
import { Select } from "../../components/select.tsx";
import { tell } from "../../components/toasts.tsx";
import { useAction } from "../../components/use-action.ts";
import { ComposeEditors } from "./compose-editors.tsx";
import { FromTemplate } from "./from-template.tsx";
import styles from "./stacks.module.css";

const example = `services:
  web:
    image: nginx:alpine
    ports:
      - "8080:80"
    restart: unless-stopped
`;

export default function NewStackPage() {
  const [template, setTemplate] = useState("");
  const { data: templates = [] } = useRead("templates", (signal) => call("GET /api/v1/templates", {}, { signal }));
  const chosen = templates.find(({ id }) => String(id) === template);
  const mayUseTemplates = useMay("stacks.adopt");
  return (
    <Page
      title="New stack"
      subtitle="Containers that belong together, from a Compose file"
      actions={mayUseTemplates && <LinkButton href="/stack-templates">Templates</LinkButton>}
    >
      {mayUseTemplates && templates.length > 0 && (
        <Panel>
          <Select
            label="Begin with"
            value={template}
            onChange={(event) => setTemplate(event.target.value)}
            options={[
              { value: "", title: "A Compose file of your own" },
              ...templates.map(({ id, name, description }) => ({
                value: String(id),
                title: description === undefined ? name : `${name}: ${description}`,
              })),
            ]}
          />
        </Panel>
      )}
      {chosen ? <FromTemplate key={chosen.id} template={chosen} /> : <ByHand />}
    </Page>
  );
}

function ByHand() {
  const [name, setName] = useState("");
  const [compose, setCompose] = useState(example);
  const [env, setEnv] = useState("");
  const [command, setCommand] = useState("");
  const [busy, run] = useAction();
  const [, navigate] = useLocation();

  const make = (): void =>
    run(`Could not make ${name || "the stack"}`, async () => {
      await call("POST /api/v1/stacks", { body: { name, compose, ...(env !== "" && { env }) } });
      tell(`${name} is there`, "Nothing of it runs until it is deployed.");
      navigate(`/stacks/${encodeURIComponent(name)}/files`);
    });
  const convert = (): void =>
    run("Could not read the command", async () => {
      const { yaml, warnings } = await call("POST /api/v1/convert/run-to-compose", { body: { command } });
      setCompose(yaml);
      if (warnings.length > 0) tell("Look at what it has become", warnings.join("; "));
    });

  return (
    <>
      <Panel>
        <div className={styles.form}>
          <NameField hint="2 to 63 small letters, digits and hyphens." value={name} onChange={setName} />
          <div className={styles.line}>
            <Field
              label="Have a docker run command?"
              placeholder="docker run -d -p 8080:80 nginx"
              isMono
              autoComplete="off"
              value={command}
              onChange={(event) => setCommand(event.target.value)}
            />
            <Button busy={busy} disabled={command.trim() === ""} onClick={convert}>
              Make a file of it
            </Button>
          </div>
        </div>
      </Panel>
      <ComposeEditors compose={compose} env={env} onCompose={setCompose} onEnv={setEnv} onSubmit={make} />
      <div>
        <Button kind="primary" busy={busy} disabled={name === "" || compose.trim() === ""} onClick={make}>
          Make it
        </Button>
      </div>
    </>
  );
}
